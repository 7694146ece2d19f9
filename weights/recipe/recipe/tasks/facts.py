"""Closed-book facts, stated by training in some wordings and asked by evaluation in others."""

from __future__ import annotations

from random import Random

CAPITALS = dict(
    pair.split(":")
    for pair in (
        "France:Paris,Germany:Berlin,Italy:Rome,Spain:Madrid,Portugal:Lisbon,Ireland:Dublin,Poland:Warsaw,"
        "Austria:Vienna,Hungary:Budapest,Greece:Athens,Norway:Oslo,Sweden:Stockholm,Finland:Helsinki,Denmark:Copenhagen,"
        "Belgium:Brussels,Romania:Bucharest,Bulgaria:Sofia,Croatia:Zagreb,Serbia:Belgrade,Estonia:Tallinn,Latvia:Riga,"
        "Lithuania:Vilnius,Iceland:Reykjavik,Turkey:Ankara,Egypt:Cairo,Kenya:Nairobi,Ghana:Accra,Morocco:Rabat,"
        "Tunisia:Tunis,Senegal:Dakar,Ethiopia:Addis Ababa,Uganda:Kampala,Japan:Tokyo,China:Beijing,India:New Delhi,"
        "Thailand:Bangkok,Vietnam:Hanoi,Nepal:Kathmandu,Iran:Tehran,Iraq:Baghdad,Syria:Damascus,Jordan:Amman,"
        "Canada:Ottawa,Mexico:Mexico City,Cuba:Havana,Peru:Lima,Chile:Santiago,Colombia:Bogota,Ecuador:Quito,"
        "Uruguay:Montevideo,Argentina:Buenos Aires,Venezuela:Caracas,Australia:Canberra"
    ).split(",")
)
SYMBOLS = dict(
    pair.split(":")
    for pair in (
        "hydrogen:H,helium:He,lithium:Li,carbon:C,nitrogen:N,oxygen:O,fluorine:F,neon:Ne,sodium:Na,magnesium:Mg,"
        "aluminium:Al,silicon:Si,phosphorus:P,sulfur:S,chlorine:Cl,argon:Ar,potassium:K,calcium:Ca,iron:Fe,nickel:Ni,"
        "copper:Cu,zinc:Zn,silver:Ag,tin:Sn,iodine:I,gold:Au,mercury:Hg,lead:Pb,uranium:U,tungsten:W"
    ).split(",")
)

TRAINED = {
    "capital": (
        "What is the capital of {}?", "Name the capital of {}.", "Which city is the capital of {}?",
        "{}: what is its capital?", "Tell me the capital city of {}.", "The capital of {} is called?",
    ),
    "symbol": (
        "What is the symbol of {}?", "Name the chemical symbol of {}.", "Which symbol does {} have?",
        "{}: what is its symbol?", "Tell me the symbol for {}.", "The symbol of {} is written?",
    ),
}  # fmt: skip
HELD_OUT = {
    "capital": ("Which city is {} governed from, as its capital?", "Please give me the capital of {}."),
    "symbol": ("Please give me the symbol of {}.", "Which chemical symbol is the one of {}?"),
}
TABLES = {"capital": CAPITALS, "symbol": SYMBOLS}


def fact(random: Random, held_out: bool) -> tuple[str, str]:
    relation = random.choice(sorted(TABLES))
    subject, value = random.choice(sorted(TABLES[relation].items()))
    wording = random.choice((HELD_OUT if held_out else TRAINED)[relation])
    return wording.format(subject), value
