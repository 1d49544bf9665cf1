"""The shared vocabulary: what every other package of Tingfeng may speak of. Imports none of ours."""
