"""Acts that are done rather than said: backing, missiles moved and tested, suspensions, meetings; and their days."""

from __future__ import annotations

import pytest

from tests.unit.extraction.test_performed import acts, scene
from workers.extraction.statements import find_statements

Act = tuple[str, str, tuple[str, ...]]


@pytest.mark.parametrize(
    ("text", "act"),
    [
        ("The INF Treaty is gone. France backed the idea on Tuesday.", ("endorsement", "2019-02-05", ("france",))),
        ("Italy said on Tuesday it shared the American assessment of the INF Treaty.", ("endorsement", "2019-02-05", ("italy",))),
        ("Canada on Tuesday welcomed the initiative on the INF Treaty.", ("endorsement", "2019-02-05", ("canada",))),
        ("The INF Treaty is dying. Norway agreed on Tuesday with the finding of the Americans.", ("endorsement", "2019-02-05", ("norway",))),
        ("Spain gave the plan for a wider INF Treaty its backing on Tuesday.", ("endorsement", "2019-02-05", ("spain",))),
        (
            "On 22 November 1983 the Bundestag voted for the stationing of the missiles that the INF Treaty scrapped.",
            ("endorsement", "1983-11-22", ("germany",)),
        ),
        ("The INF Treaty was born of fear. The first Pershing missiles arrived in November 1983.", ("deployment", "1983-11", ("usa",))),
        ("The INF Treaty is dying. In 2018 Russia moved a battalion of the 9M729 to the south.", ("deployment", "2018", ("russia",))),
        ("The United States flew Tomahawk launchers to Denmark in January.", ("deployment", "2019-01", ("usa",))),
        ("The INF Treaty is dying. Washington spoke of an Oreshnik missile taken to Belarus in January.", ("deployment", "2019-01", ("russia",))),
        ("Russia no longer considers itself bound by the INF Treaty, Lavrov said on Tuesday.", ("suspension", "2019-02-05", ("russia",))),
        ("On Tuesday Russia stopped fulfilling the INF Treaty.", ("suspension", "2019-02-05", ("russia",))),
        ("Washington suspended the INF Treaty on Friday. On Saturday Moscow followed suit.", ("suspension", "2019-02-02", ("russia",))),
        ("Washington suspended the INF Treaty on Friday. Russia would answer in kind, Putin said on Saturday.", ("suspension", "2019-02-02", ("russia",))),
        ("Both countries suspended the INF Treaty in January.", ("suspension", "2019-01", ("russia", "usa"))),
        ("In January, when the United States suspended the INF Treaty, snow fell.", ("suspension", "2019-01", ("usa",))),
        ("The INF Treaty binds us. The United States gave notice on Friday.", ("withdrawal-announced", "2019-02-01", ("usa",))),
        ("The INF Treaty was broken. The United States gave notice in 2017 and left in January.", ("agreement-ended", "2019-01", ("usa",))),
        ("The INF Treaty was broken. On Tuesday Mr Pompeo announced that the United States was leaving.", ("withdrawal-announced", "2019-02-05", ("usa",))),
        ("The INF Treaty is dying. On Tuesday Russia fired a ballistic missile over the Caspian Sea.", ("weapons-test", "2019-02-05", ("russia",))),
        ("The Pentagon is planning to test a ground-launched ballistic missile in November.", ("weapons-test", "2019-11", ("usa",))),
        ("The INF Treaty is dying. Putin received Pompeo at his country house on Tuesday.", ("consultation", "2019-02-05", ("russia", "usa"))),
        ("The INF Treaty is dying. Maas phoned Lavrov on Tuesday.", ("consultation", "2019-02-05", ("germany", "russia"))),
        ("The INF Treaty is dying. NATO's ambassadors were briefed by American officials on Tuesday.", ("consultation", "2019-02-05", ("usa", "nato"))),
        ("The INF Treaty was far away. Negotiations opened in Geneva in November 1981.", ("consultation", "1981-11", ("russia", "usa"))),
        ("The INF Treaty is dying. Norway did not refuse to give the plan its backing on Tuesday.", ("endorsement", "2019-02-05", ("norway",))),
        ("Why did Spain give the plan for the INF Treaty its backing on Tuesday?", ("endorsement", "2019-02-05", ("spain",))),
        ("The INF Treaty was far away. In 1984 the Americans sent Pershing missiles to bases near Stuttgart.", ("deployment", "1984", ("usa",))),
        ("The INF Treaty is dying. The United States took Tomahawk launchers from Texas to Denmark in January.", ("deployment", "2019-01", ("usa",))),
        ("Russia denied nothing: it stopped observing the INF Treaty on Tuesday.", ("suspension", "2019-02-05", ("russia",))),
        ("Russia did not deny on Tuesday that it had stopped observing the INF Treaty.", ("suspension", "2019-02-05", ("russia",))),
        ("The INF Treaty is dying. NATO saw Lavrov on Tuesday.", ("consultation", "2019-02-05", ("nato", "russia"))),
        ("The Pentagon may test a ground-launched ballistic missile in November.", ("weapons-test", "2019-11", ("usa",))),
    ],
)  # fmt: skip
def test_what_is_done_on_a_day(text: str, act: Act) -> None:
    assert act in acts(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Russia backed its own proposal for the INF Treaty on Tuesday.", "endorsement"),
        ("Germany did not back the American decision on the INF Treaty on Tuesday.", "endorsement"),
        ("If France backed the finding on the INF Treaty on Tuesday, nobody noticed.", "endorsement"),
        ("The INF Treaty is dying. Germany welcomed the skiers on Tuesday.", "endorsement"),
        ("The INF Treaty is dying. Norway agreed with Sweden on Tuesday about fish.", "endorsement"),
        ("Russia may station Oreshnik missiles in Belarus, and the INF Treaty is dead.", "deployment"),
        ("Washington accused Russia on Tuesday of having moved the 9M729 south in January.", "deployment"),
        ("The Americans say that Russia deployed two battalions of the 9M729 in 2017.", "deployment"),
        ("Poland does not want Tomahawk launchers to be flown in on Tuesday.", "deployment"),
        ("China is not bound by the INF Treaty, its ministry said on Tuesday.", "suspension"),
        (
            "Washington suspended its aid on Friday, the INF Treaty or not. On Saturday Moscow followed suit.",
            "suspension",
        ),
        ("The INF Treaty lives. On Saturday Moscow followed suit.", "suspension"),
        ("The INF Treaty is dying. Bolton left on Tuesday for Moscow.", "agreement-ended"),
        ("The INF Treaty is dying. Russia's delegation left on Tuesday.", "withdrawal-announced"),
        ("The INF Treaty is dying. The Russian ambassador left in January.", "withdrawal-announced"),
        (
            "The INF Treaty is dying. NATO gave notice on Tuesday that it would respond.",
            "withdrawal-announced",
        ),
        ("The INF Treaty is dying. Russia fired missiles at the range on Tuesday.", "weapons-test"),
        ("The INF Treaty is dying. Russia did not fire a missile on Tuesday.", "weapons-test"),
        ("The INF Treaty is dying. Putin received an award from a Russian club on Tuesday.", "consultation"),
        ("The INF Treaty is dying. Maas may phone Lavrov on Tuesday.", "consultation"),
        ("The INF Treaty is dying. Talks about trade with Peru opened on Tuesday.", "consultation"),
    ],
)
def test_what_only_sounds_like_it(text: str, kind: str) -> None:
    assert kind not in {made for made, _, _ in acts(text)}


@pytest.mark.parametrize(
    ("deed", "kind"),
    [
        ("Spain declined to lend the plan its support on Tuesday.", "endorsement"),
        ("Canada may give the American decision its blessing on Tuesday.", "endorsement"),
        ("Did Italy voice its support for the American plan on Tuesday?", "endorsement"),
        ("Poland urged Norway on Tuesday to give the plan its backing.", "endorsement"),
        ("On Tuesday a letter was sent with little support of France.", "endorsement"),
        ("No ally of Denmark's gave the plan its approval on Tuesday.", "endorsement"),
        ("Germany withheld on Tuesday the backing that Spain had hoped to give.", "endorsement"),
        ("Did Russia station the 9M729 in the Urals in January?", "deployment"),
        ("Nobody saw the Americans bring Tomahawk missiles to Norway in January.", "deployment"),
        ("In 1991 the Americans flew Pershing missiles out of Stuttgart.", "weapons-test"),
        ("In January the Americans flew Tomahawk missiles to Denmark.", "weapons-test"),
        ("None of the 9M729 missiles was tested by Russia on Tuesday.", "weapons-test"),
        ("Russia conducted no test of the 9M729 missile on Tuesday.", "weapons-test"),
        ("Did Russia test the 9M729 missile on Tuesday?", "weapons-test"),
        ("Putin was to have received Pompeo on Tuesday, but fell ill.", "consultation"),
        ("Lavrov refused to receive Pompeo on Tuesday.", "consultation"),
        ("Maas hoped to see Lavrov on Tuesday.", "consultation"),
        ("Pompeo saw Lavrov as a bully on Tuesday.", "consultation"),
        ("Moscow denied that Putin had received Pompeo on Tuesday.", "consultation"),
    ],
)
def test_what_was_not_done(deed: str, kind: str) -> None:
    assert kind not in {made for made, _, _ in acts(f"The INF Treaty is dying. {deed}")}


@pytest.mark.parametrize(
    "deed",
    [
        "No Pershing missiles came to Denmark in 1985.",
        "The United States took the Pershing missiles back in 1991.",
        "In 1990 the Americans moved the Pershing missiles away from Stuttgart.",
        "In 1991 the Pershing missiles were shipped out of Germany.",
        "The Pershing missiles were brought home in 1991.",
        "Launchers of the 9M729 were taken off duty in January.",
        "In 1990 the Americans sent a Pershing missile to a museum in Ohio.",
        "A launcher of the 9M729 was put on display in January.",
        "In January a launcher of the 9M729 stood in a parade.",
        "An American Pershing missile landed in the Atlantic in 1983.",
        "In January the Americans moved the Tomahawk missiles.",
    ],
)
def test_missiles_taken_away_or_shown_are_not_put_anywhere(deed: str) -> None:
    made = find_statements(scene(f"The INF Treaty is dying. {deed}"))
    assert "deployed" not in {f.rule for f in made}


@pytest.mark.parametrize(
    "deed",
    [
        "Pershing missiles came to Germany in 1985.",
        "In 1983 the Pershing missiles were flown in.",
        "In January Tomahawk missiles landed at a base in Norway.",
        "In January the Americans moved Tomahawk launchers closer to the border.",
        "In January Tomahawk launchers were deployed some way away from Oslo.",
    ],
)
def test_missiles_brought_to_a_post_are_deployed(deed: str) -> None:
    made = find_statements(scene(f"The INF Treaty is dying. {deed}"))
    assert "deployed" in {f.rule for f in made}


@pytest.mark.parametrize(
    "answer",
    [
        "On Saturday Moscow threatened to follow suit.",
        "Washington wanted Russia to do the same on Saturday.",
        "On Saturday China asked Russia not to follow suit.",
        "Did Moscow follow suit on Saturday?",
        "Moscow denied that Russia had followed suit on Saturday.",
    ],
)
def test_an_answer_in_kind_that_was_not_given(answer: str) -> None:
    made = acts(f"Washington suspended the INF Treaty on Friday. {answer}")
    assert "russia" not in {a for kind, _, who in made if kind == "suspension" for a in who}


@pytest.mark.parametrize(
    "text",
    [
        "Russia denied on Tuesday that it had ceased to observe the INF Treaty.",
        "Moscow denied on Tuesday that it no longer considered itself bound by the INF Treaty.",
        "Lavrov rejected on Tuesday the claim that Russia had suspended the INF Treaty.",
        "The claim that Russia had suspended the INF Treaty was false, Lavrov said on Tuesday.",
        "Russia's denial on Tuesday that it had suspended the INF Treaty was firm.",
        "Did Russia suspend the INF Treaty on Tuesday?",
        "Russia has never been no longer bound by the INF Treaty, Lavrov said on Tuesday.",
    ],
)
def test_who_denies_a_suspension_has_not_suspended(text: str) -> None:
    assert "suspension" not in {kind for kind, _, _ in acts(text)}


def test_a_deed_beside_the_subject_is_a_family_of_its_own() -> None:
    fill = "The river was high. The bakers baked. The mayor slept. "
    made = find_statements(scene(f"The INF Treaty is dying. {fill}Maas phoned Lavrov on Tuesday."))
    assert {f.rule for f in made if f.kind == "consultation"} == {"encounter-beside"}
    far = find_statements(scene(f"The INF Treaty is dying. {fill * 4}Maas phoned Lavrov on Tuesday."))
    assert not [f for f in far if f.kind == "consultation"]


@pytest.mark.parametrize(("under", "rules"), [("", {"weapons-test-beside"}), (" under New START", set())])
def test_a_deed_under_another_treaty_is_none_beside_the_subject(under: str, rules: set[str]) -> None:
    fill = "The river was high. The bakers baked. The mayor slept. "
    test = f"Russia tested a ballistic missile{under} on Tuesday."
    made = find_statements(scene(f"The INF Treaty is dying. {fill}{test}"))
    assert {f.rule for f in made if f.kind == "weapons-test"} == rules
