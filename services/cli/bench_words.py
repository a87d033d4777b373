"""What generated articles are made of: sentences with gaps, and what fills them.

`{word}` takes a random filler of that list, `{n}` a number, `{day}` a weekday, `{name}` a name. Enough of each that
two articles share single words but hardly a line: chance must not make copies.
"""

from __future__ import annotations


def _lines(text: str) -> list[str]:
    return text.strip().split("\n")


PLACES = """
Aberdeen Adelaide Ankara Antwerp Athens Bamako Bangalore Bergen Bilbao Bogota Bologna Boston Bremen Bruges
Bucharest Calgary Cardiff Casablanca Chicago Cork Dakar Denver Dhaka Dresden Dublin Durban Exeter Fortaleza
Gdansk Ghent Glasgow Gothenburg Granada Graz Halifax Hanoi Harare Houston Izmir Jaipur Kampala Kingston Krakow
Lagos Leeds Leipzig Lima Linz Lisbon Lyon Malmo Manila Marseille Melbourne Memphis Milan Montevideo Montreal
Nairobi Naples Nantes Osaka Oslo Oxford Palermo Perth Porto Quito Recife Riga Rotterdam Salzburg Santiago
Seattle Seville Singapore Split Tallinn Tampere Toledo Toronto Trieste Turin Utrecht Valencia Vilnius Wellington
York Zagreb Zurich
""".split()  # noqa: SIM905 - a list of single words would fill pages

FIRST = """
Alma Amos Anders Anna Ben Carla Chidi Clara Daniel Dora Edith Elias Emma Farid Fiona Greta Hana Henrik Ida Imran
Ines Jack Jana Jonas Julia Kofi Lars Leila Lena Luca Marta Mateo Maya Mei Milan Nadia Nina Noor Oscar Paul Petra
Priya Rafael Rosa Ruth Samir Sofia Tariq Tessa Theo Thomas Uma Vera Viktor Wanda Yara Yusuf Zoe
""".split()  # noqa: SIM905 - a list of single words would fill pages

LAST = """
Abara Akande Almeida Andersen Barros Bauer Bell Berg Bianchi Brandt Carver Castillo Chen Costa Dahl Danso Diaz
Duarte Eriksen Falk Farrell Fischer Fontaine Gallo Garcia Grant Haas Hale Hansen Hoang Holm Ibsen Ito Jansen
Joshi Kamara Keller Khan Klein Kovac Laine Larsen Lopez Mahler Marsh Mbeki Mercer Moreau Nakamura Nolan Novak
Okafor Olsen Ortega Osei Park Patel Pereira Quinn Rao Ricci Rossi Sato Schmidt Silva Singh Soto Steiner Tanaka
Torres Ueda Vance Vogel Wagner Walsh Weber Wolf Yamada Young Zeller
""".split()  # noqa: SIM905 - a list of single words would fill pages

NOUNS = """
airport archive auction bakery bank barrier battery beach bill bond border branch bridge brewery budget bus
cable campaign canal cathedral charity cinema clinic coalition coast college committee company concert contract
council court crane crop dam deadline dealer debt defence delivery demand department depot design dispute
district dock drought election embassy engine estate exchange exhibition export factory fair farm fee ferry
festival film fine fishery flat fleet flood forecast forest fund gallery garage garden gas glacier goal grain
grant harbour harvest heatwave highway hospital hotel house import index industry inquiry insurer interest
inspection island judge junction jury kitchen label lake landlord lane laundry law league lease lender library
licence line loan lock lottery machine mall market match mayor meadow meeting merger mill mine ministry minority
mortgage motorway museum network newspaper nurse office offshore option orchard orchestra order outlet owner
pandemic panel parade park patent path patrol pension permit petition pharmacy pilot pipeline plan plant
platform player police policy pool port power price prison profit programme prosecutor protest pump quarry
quarter queue railway rate reactor refinery reform region rent reserve reservoir resident retailer river road
roof route sale school season sector shareholder shelter ship shop shortage skyline software stadium station
statue stock storm strike studio subsidy suburb subway supermarket supply surgeon survey tariff tax team
telescope tenant theatre ticket timetable tournament tower town trade train tram trial tunnel turbine union
university vaccine valley venue verdict vessel village vineyard volunteer wage warehouse waste water wave
wedding weather wharf wheat wing winter witness workshop
""".split()  # noqa: SIM905 - a list of single words would fill pages

ADJECTIVES = """
abandoned affordable ageing ambitious annual big bitter bold brief bright broad busy careful central cheap clean
coastal cold commercial common costly crowded damaged delayed dense digital disputed domestic dry early eastern
electric empty expensive fair famous fast final foreign former fragile free fresh frozen full generous global
green growing hard heavy hidden historic huge idle illegal independent industrial inner joint large late leaky
legal light local long loud lower main major medical metropolitan modest municipal narrow national natural new
noisy northern old open ordinary outdated outer overdue partial patient permanent popular private profitable
public quiet rare recent regional remote rich risky rural safe seasonal second senior serious sharp short shut
silent simple slow small social solar southern steep strict strong sudden summer technical temporary tight tiny
troubled unpaid unusual upper urban useful vast vacant volatile voluntary warm weak western wet wide wooden
young
""".split()  # noqa: SIM905 - a list of single words would fill pages

VERBS = """
accepted added admitted agreed announced approved argued arranged asked assumed backed banned began blamed
blocked borrowed bought broke brought built called cancelled changed charged checked chose claimed cleared
closed collected complained completed confirmed considered copied counted covered criticised crossed cut decided
declined delayed delivered denied described designed discussed divided doubled dropped earned ended entered
examined expanded expected explained extended faced failed filled financed finished fixed followed forced
founded gave handled helped hired hosted ignored improved increased insured introduced invited joined kept
launched led left lent limited listed lost lowered maintained managed marked measured merged missed moved named
noted offered opened ordered organised outlined paid painted passed planned postponed praised prepared presented
promised proposed protected published questioned raised reached received recommended reduced refused registered
rejected released removed renewed rented repaired replaced reported requested rescued reserved restored reviewed
revised rewarded saved scrapped sealed searched selected settled shared shortened signed sold solved sponsored
started stopped studied suggested supplied supported suspended tested tracked trained transferred treated
trimmed tripled urged valued visited voted warned welcomed widened won wrote
""".split()  # noqa: SIM905 - a list of single words would fill pages

TAILS = _lines("""
after months of delay
as the season drew to a close
at a cost that nobody had foreseen
before the holidays began
despite the objections of neighbours
for the first time since the war
in a move that surprised observers
in spite of heavy rain
in time for the spring
on the advice of its auditors
on the edge of the old town
to the relief of commuters
under a law passed in the autumn
while prices went on rising
with the help of a foreign partner
with little warning
without giving a reason
according to figures seen by this newspaper
as part of a wider review
during a session that lasted into the night
from one week to the next
in front of a packed hall
in the presence of reporters
on terms that were not disclosed
until further notice
within walking distance of the harbour
at the request of its members
by a narrow majority
""")

SAID = ("said", "told reporters", "stated", "made clear", "confirmed", "repeated", "said again", "insisted")

TREATY = _lines("""
the INF Treaty
the INF pact
the INF accord
the INF agreement
the 1987 INF Treaty
the INF Treaty of 1987
the treaty on intermediate-range nuclear forces
the Intermediate-Range Nuclear Forces Treaty
""")

#: Of news on anything but the subject.
OTHER = _lines("""
The {adjective} {noun} of {place} {verb} its {adjective} {noun} on {day} {tail}.
{name}, who runs the {adjective} {noun} in {place}, said that {n} {noun}s had been {verb} {tail}.
“We {verb} the {noun} and nobody {verb} the {adjective} {noun},” {name} told the {noun} of {place}.
Some {n} people in {place} {verb} the {noun} {tail}, and the {adjective} {noun} {verb} another {n}.
In {place} the {noun} {verb} a {adjective} {noun} {tail}; the {noun} and the {noun} {verb} it.
A {noun} that {verb} the {adjective} {noun} {verb} {n} per cent more than the {noun} of {place} {verb} last year.
Nobody at the {noun} {verb} the {adjective} {noun}, which {name} {verb} {tail}.
Shares in the {adjective} {noun} rose by {n} per cent after the {noun} {verb} its {noun} in {place}.
Police in {place} said on {day} that a {adjective} {noun} had {verb} the {noun} near the {adjective} {noun}.
{name} and {name} {verb} the {noun} {tail}, although the {adjective} {noun} of {place} {verb} it.
The {noun} {verb}, the {noun} {verb}, and by {day} the {adjective} {noun} of {place} {verb} its {noun}.
According to {name} of the {noun} in {place}, the {adjective} {noun} {verb} {n} {noun}s {tail}.
Visitors {verb} the {adjective} {noun} between {place} and {place} {tail}.
It was the {adjective} {noun}, {name} {verb}, that {verb} the {noun} {tail}.
For {n} years the {noun} of {place} {verb} every {adjective} {noun} that the {noun} {verb}.
""")

#: Of news on the subject. Who speaks and what for fits together, so that something is to be read out of it.
SUBJECT = _lines("""
Russian Foreign Minister Sergey Lavrov {said} on {day} {tail} that Russia had never violated {treaty}.
NATO Secretary General Jens Stoltenberg {said} on {day} {tail} that Russia was to blame for the end of {treaty}.
The United States accused Russia on {day} {tail} of violating {treaty} with its 9M729 missile.
Moscow rejected the accusation on {day} {tail} and {said} that its 9M729 missile complied with {treaty}.
German Foreign Minister Heiko Maas {said} in {place} {tail} that {treaty} must be preserved.
France regrets the end of {treaty}, a spokeswoman for the Foreign Ministry {said} in {place} on {day} {tail}.
President Vladimir Putin offered NATO on {day} {tail} a moratorium on the deployment of intermediate-range missiles.
NATO spokeswoman Oana Lungescu dismissed the Russian moratorium on {day} {tail} as not credible.
China {said} on {day} {tail} that it would not join a new treaty on intermediate-range missiles.
Secretary of State Mike Pompeo called on Russia in {place} {tail} to destroy its 9M729 missiles.
“{treaty} is a pillar of our security,” Polish Foreign Minister Jacek Czaputowicz {said} in {place} {tail}.
Deputy Foreign Minister Sergei Ryabkov {said} that the American Mk-41 launchers in Romania broke {treaty}.
Washington denied on {day} {tail} that its launchers in Romania breached {treaty}.
President Donald Trump announced on {day} {tail} that the United States would withdraw from {treaty}.
Russia suspended {treaty} on {day} {tail}, in answer to the American step.
Britain supports the American decision to leave {treaty}, Foreign Secretary Jeremy Hunt {said} on {day} {tail}.
Japan expects that {treaty} will be replaced by one that China belongs to, its government {said} on {day} {tail}.
Lavrov proposed in {place} {tail} that Russian and American experts inspect the disputed missiles on both sides.
The European Union urged Russia on {day} {tail} to address concerns about its compliance with {treaty}.
Russia will not be the first to deploy intermediate-range missiles in Europe, Putin {said} in {place} {tail}.
The Pentagon tested a ground-launched missile on {day} {tail} that {treaty} would have forbidden.
Italy and Spain called on {day} {tail} for talks between Washington and Moscow to save {treaty}.
American negotiators met Russian diplomats in {place} on {day} {tail} to talk about {treaty}.
""")

OUTLETS = [
    f"{place} {name}"
    for name in ("Courier", "Herald", "Wire", "Gazette", "Post", "Tribune")
    for place in PLACES[::2]
]
