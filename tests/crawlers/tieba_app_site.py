"""The app's side of our own bar: real protobuf answers, made with aiotieba's own generated classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiotieba.api.get_comments.protobuf import PbFloorReqIdl_pb2, PbFloorResIdl_pb2
from aiotieba.api.get_posts.protobuf import PbPageReqIdl_pb2, PbPageResIdl_pb2
from aiotieba.api.get_threads.protobuf import FrsPageReqIdl_pb2, FrsPageResIdl_pb2

from tests.crawlers.site import Reply
from tests.crawlers.tieba_site import FID, Bar, Comment, Floor

_BOUNDARY = b"---*_r1999"


def asked(body: bytes, path: str) -> Any:
    """The question inside a POST: the only part of its form, read with the class that the call has."""
    part = body.split(b"\r\n\r\n", 1)[1]
    message = {
        "/c/f/frs/page": FrsPageReqIdl_pb2.FrsPageReqIdl,
        "/c/f/pb/page": PbPageReqIdl_pb2.PbPageReqIdl,
        "/c/f/pb/floor": PbFloorReqIdl_pb2.PbFloorReqIdl,
    }[urlsplit(path).path]()
    message.ParseFromString(part[: part.rindex(b"\r\n" + _BOUNDARY)])
    return message.data


@dataclass
class AppServer:
    """Serves a bar to the app."""

    bar: Bar
    #: Answer of every call, where not 0.
    errorno: int = 0
    errmsg: str = ""

    def route(self, path: str) -> Reply | None:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if path in self.bar.instead:
            return self.bar.instead[path]
        page = int(query.get("pn", "1"))
        match parts.path:
            case "/c/f/frs/page":
                answer = self.threads(page)
            case "/c/f/pb/page":
                answer = self.floors(int(query["kz"]), page)
            case "/c/f/pb/floor":
                answer = self.comments(int(query["kz"]), int(query["pid"]), page)
            case _:
                return None
        if self.errorno:
            answer.Clear()
            answer.error.errorno, answer.error.errmsg = self.errorno, self.errmsg
        return Reply(body=answer.SerializeToString(), kind="application/octet-stream")

    def threads(self, page: int) -> Any:
        answer = FrsPageResIdl_pb2.FrsPageResIdl()
        answer.data.forum.id, answer.data.forum.name = FID, "星辰汽车"
        newest = sorted(self.bar.threads.values(), key=lambda one: (one.pinned, one.changed), reverse=True)
        start = (page - 1) * self.bar.per_list
        for thread in newest[start : start + self.bar.per_list]:
            row = answer.data.thread_list.add(id=thread.tid, title=f"主题 {thread.tid}", reply_num=thread.said)
            row.first_post_id, row.author_id = thread.floors[0].pid, _uid(thread.floors[0].pid)
            row.create_time = int(thread.floors[0].when.timestamp())
            row.last_time_int = int(thread.changed.timestamp())
            row.is_top = int(thread.pinned)
            row.first_post_content.add(type=0, text=thread.floors[0].text[:10])
        answer.data.page.current_page = page
        answer.data.page.has_more = int(start + self.bar.per_list < len(newest))
        _people(answer.data.user_list, [thread.floors[0].pid for thread in newest])
        return answer

    def floors(self, tid: int, page: int) -> Any:
        answer = PbPageResIdl_pb2.PbPageResIdl()
        if tid not in self.bar.threads:
            answer.error.errorno, answer.error.errmsg = 4, "该贴已被删除"
            return answer
        thread = self.bar.threads[tid]
        data = answer.data
        data.forum.name, data.thread.id, data.thread.title = "星辰汽车", tid, f"主题 {tid}"
        data.thread.reply_num, data.thread.post_id = thread.said, thread.floors[0].pid
        shown = self.bar.page_of(thread, page)
        for floor in shown:
            self._floor(data.post_list.add(), floor)
        data.page.current_page = page
        data.page.total_page = (len(thread.floors) - 1) // self.bar.per_page + 1
        data.page.has_more = int(page < data.page.total_page)
        _people(data.user_list, [floor.pid for floor in shown])
        return answer

    def _floor(self, row: Any, floor: Floor) -> None:
        row.id, row.floor, row.time = floor.pid, floor.no, int(floor.when.timestamp())
        row.author_id, row.sub_post_number = _uid(floor.pid), len(floor.comments)
        row.content.add(type=0, text=floor.text)
        for comment in floor.comments[: self.bar.inline]:
            _comment(row.sub_post_list.sub_post_list.add(), comment)

    def comments(self, tid: int, pid: int, page: int) -> Any:
        answer = PbFloorResIdl_pb2.PbFloorResIdl()
        floor = next(floor for floor in self.bar.threads[tid].floors if floor.pid == pid)
        answer.data.thread.id = tid
        self._floor(answer.data.post, floor)
        for comment in floor.comments[(page - 1) * 10 : page * 10]:
            _comment(answer.data.subpost_list.add(), comment)
        answer.data.page.current_page, answer.data.page.total_page = page, (len(floor.comments) + 9) // 10
        return answer


def _uid(pid: int) -> int:
    return pid % 1000 + 1


def _people(people: Any, pids: list[int]) -> None:
    for pid in pids:
        people.add(id=_uid(pid), name=f"车友{pid}", name_show="昵称", portrait="tb.1.x?t=17", ip_address="湖南")


def _comment(row: Any, comment: Comment) -> None:
    row.id, row.time = comment.spid, int(comment.when.timestamp())
    row.content.add(type=0, text=comment.text)
    row.author.id, row.author.name = 77, "层里人"
