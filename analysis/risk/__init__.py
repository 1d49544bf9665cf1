"""How much a mention matters. One file a circumstance; `scale` lists them and adds them up."""

from __future__ import annotations

from analysis.risk.facts import NO_RISK, Facts, Risk
from analysis.risk.own_table import load_table
from analysis.risk.rights import claims_rights
from analysis.risk.scale import RiskScale, grade_of, tells_an_accident
from analysis.risk.table import RiskTable, bundled_table

__all__ = [
    "NO_RISK",
    "Facts",
    "Risk",
    "RiskScale",
    "RiskTable",
    "bundled_table",
    "claims_rights",
    "grade_of",
    "load_table",
    "tells_an_accident",
]
