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


def test_a_deed_beside_the_subject_is_a_family_of_its_own() -> None:
    fill = "The river was high. The bakers baked. The mayor slept. "
    made = find_statements(scene(f"The INF Treaty is dying. {fill}Maas phoned Lavrov on Tuesday."))
    assert {f.rule for f in made if f.kind == "consultation"} == {"encounter-beside"}
    far = find_statements(scene(f"The INF Treaty is dying. {fill * 4}Maas phoned Lavrov on Tuesday."))
    assert not [f for f in far if f.kind == "consultation"]
