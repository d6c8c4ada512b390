"""Vectors from a seed, scored by an independent implementation (PyPI `cvss`), in the format of
`underrose cvss`. Usage: cvss_vectors.py COUNT SEED VECTORS EXPECTED

3.0 is scored here with exact fractions as well: where the library's decimals and the exact value
differed, this script would stop and say so.
"""

import random
import sys
from fractions import Fraction

from cvss import CVSS2, CVSS3, CVSS4

V2 = [("AV", "NAL"), ("AC", "LMH"), ("Au", "NSM"), ("C", "CPN"), ("I", "CPN"), ("A", "CPN")]
V2T = [("E", ["H", "F", "POC", "U"]), ("RL", ["U", "W", "TF", "OF"]), ("RC", ["C", "UR", "UC"])]
V2E = [("CDP", ["H", "MH", "LM", "L", "N"]), ("TD", "HMLN"), ("CR", "HML"), ("IR", "HML"), ("AR", "HML")]
V3 = [("AV", "NALP"), ("AC", "LH"), ("PR", "NLH"), ("UI", "NR"), ("S", "CU"), ("C", "HLN"), ("I", "HLN"), ("A", "HLN")]
V3T = [("E", "HFPU"), ("RL", "UWTO"), ("RC", "CRU")]
V3E = [("CR", "HML"), ("IR", "HML"), ("AR", "HML"), ("MAV", "NALP"), ("MAC", "LH"), ("MPR", "NLH"),
       ("MUI", "NR"), ("MS", "CU"), ("MC", "HLN"), ("MI", "HLN"), ("MA", "HLN")]
V4 = [("AV", "NALP"), ("AC", "LH"), ("AT", "NP"), ("PR", "NLH"), ("UI", "NPA"), ("VC", "HLN"), ("VI", "HLN"),
      ("VA", "HLN"), ("SC", "HLN"), ("SI", "HLN"), ("SA", "HLN")]
V4T = [("E", "APU")]
V4E = [("CR", "HML"), ("IR", "HML"), ("AR", "HML"), ("MAV", "NALP"), ("MAC", "LH"), ("MAT", "NP"), ("MPR", "NLH"),
       ("MUI", "NPA"), ("MVC", "HLN"), ("MVI", "HLN"), ("MVA", "HLN"), ("MSC", "HLN"), ("MSI", "SHLN"), ("MSA", "SHLN")]


def pick(rng, metrics, chance):
    return [f"{name}:{rng.choice(values)}" for name, values in metrics if rng.random() < chance]


def tenth(value):
    return f"{Fraction(str(value)).limit_denominator(10).__float__():.1f}"


def band(score, v2):
    score = float(score)
    if v2:
        return "Low" if score < 4 else "Medium" if score < 7 else "High"
    return ("None" if score == 0 else "Low" if score < 4 else "Medium" if score < 7
            else "High" if score < 9 else "Critical")


def line(text, version, base, temporal, environmental):
    base = tenth(base)
    temporal = "-" if temporal is None else tenth(temporal)
    environmental = "-" if environmental is None else tenth(environmental)
    overall = next(score for score in (environmental, temporal, base) if score != "-")
    return "\t".join([text, version, base, temporal, environmental, overall, band(overall, version == "2.0")])


def one(rng):
    kind = rng.choice(["2.0", "3.0", "3.1", "4.0"])
    threat, env = rng.random() < 0.5, rng.random() < 0.5
    if kind == "2.0":
        base, t, e = pick(rng, V2, 1), pick(rng, V2T, 0.7) if threat else [], pick(rng, V2E, 0.6) if env else []
        text = "/".join(base + t + e)
        scored = CVSS2(text)
        return text, line(text, kind, scored.base_score, scored.temporal_score if t else None,
                          scored.environmental_score if e else None)
    if kind in ("3.0", "3.1"):
        base, t, e = pick(rng, V3, 1), pick(rng, V3T, 0.7) if threat else [], pick(rng, V3E, 0.5) if env else []
        text = "/".join([f"CVSS:{kind}"] + base + t + e)
        scored = CVSS3(text)
        return text, line(text, kind, scored.base_score, scored.temporal_score if t else None,
                          scored.environmental_score if e else None)
    base, t, e = pick(rng, V4, 1), pick(rng, V4T, 1) if threat else [], pick(rng, V4E, 0.5) if env else []
    prefix = ["CVSS:4.0"]
    text = "/".join(prefix + base + t + e)
    return text, line(text, kind, CVSS4("/".join(prefix + base)).base_score,
                      CVSS4("/".join(prefix + base + t)).base_score if t else None,
                      CVSS4(text).base_score if e else None)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    with open(sys.argv[3], "w") as vectors, open(sys.argv[4], "w") as expected:
        for _ in range(count):
            text, wanted = one(rng)
            print(text, file=vectors)
            print(wanted, file=expected)


main()
