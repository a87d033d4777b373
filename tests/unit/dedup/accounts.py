"""Statements as several newsrooms told them, each in words of its own. All sentences and speakers are invented."""

PLEDGE = (
    (
        "BRUSSELS (Kontinent) — The alliance will not place new land-based nuclear missiles in Europe, its "
        "secretary general said after a meeting of defence ministers that ran an hour over.\n\n"
        "“We do not intend to deploy new land-based nuclear missiles in Europe, and we will not mirror what Russia "
        "does,” he told reporters. “We do not want a new arms race.”\n\n"
        "Ministers went through a list of answers that runs from exercises to air defence. Diplomats said the "
        "Germans and the Dutch had pressed for the sentence on missiles to come first.\n\n"
        "Russia denies that its 9M729 cruise missile flies further than the treaty allowed. The United States left "
        "the Intermediate-Range Nuclear Forces Treaty in August."
    ),
    (
        "Jens Aaberg came to the podium late and spoke for six minutes. What he brought was a promise of restraint: "
        "“We do not intend to deploy new land-based nuclear missiles in Europe, and we will not mirror what Russia "
        "does.” Nobody in the room, he added, wished for a repeat of the nineteen-eighties. “We do not want a new "
        "arms race.”\n\n"
        "The package that ministers agreed on Wednesday holds few surprises. More reconnaissance flights, a review "
        "of cruise missile defence, another round of talks on arms control. Warsaw had wanted more; it got a study.\n\n"
        "The quarrel is about a missile that Washington says was tested to forbidden ranges and that Moscow says was "
        "not. Since the summer there has been no Intermediate-Range Nuclear Forces Treaty to settle it under."
    ),
    (
        "NATO on Wednesday ruled out an answer in kind to Russian missiles.\n\n"
        "At the close of two days of talks the secretary general of the bloc, Jens Aaberg, listed what members "
        "would do, and what not. “We do not intend to deploy new land-based nuclear missiles in Europe, and we will "
        "not mirror what Russia does,” he said. Asked whether conventional ones were ruled out as well, he smiled "
        "and took the next question.\n\n"
        "Lithuania's minister called the outcome sensible; a Hungarian official, speaking on the corridor, called "
        "it late. “We do not want a new arms race,” the Norwegian had said inside, too, according to two people "
        "who heard him."
    ),
)

OFFER = (
    (
        "MOSCOW. November 9 (Vestnik-Inform) - Russia is prepared to let inspectors see its missiles in Kaliningrad "
        "if the other side opens the launchers in Romania and Poland, a deputy foreign minister said on Monday.\n\n"
        "“We are ready for steps on a basis of reciprocity: our 9M729 systems against the Aegis Ashore sites,” Oleg "
        "Ryabinin told journalists. “The ball is in their court.”\n\n"
        "The moratorium that the president announced last year stays in force, he stressed: Russia will place no "
        "such weapons where there are no American ones."
    ),
    (
        "The Kremlin has revived an idea that NATO turned down once before. Under it, Western experts could look at "
        "the disputed 9M729, and Russians in return at the American interceptors near Deveselu and Redzikowo.\n\n"
        "“We are ready for steps on a basis of reciprocity: our 9M729 systems against the Aegis Ashore sites,” said "
        "Oleg Ryabinin, who handles arms control at the Foreign Ministry. Western capitals had not understood, he "
        "complained, how far the proposal goes. “The ball is in their court.”\n\n"
        "An official in Berlin said the government would study it. In Washington, a spokesman pointed out that a "
        "missile which broke a treaty cannot be cured by looking at it afterwards."
    ),
    (
        "Look at ours, and we look at yours: that is, in short, what Russia's deputy foreign minister proposed "
        "yesterday over coffee with a handful of reporters.\n\n"
        "Oleg Ryabinin wants “steps on a basis of reciprocity: our 9M729 systems against the Aegis Ashore sites”. He "
        "mentioned no date and named no place, and the usual doubts remain. Range cannot be seen from outside, an "
        "engineer who took part in the inspections of the nineties explains; what you would need is a flight test, "
        "or the drawings.\n\n"
        "Still, after months of silence, “the ball is in their court” is the friendliest thing that Moscow has said."
    ),
)

STATEMENTS = (PLEDGE, OFFER)

# What an agency appends to each of its stories on the subject.
BACKGROUND = (
    "The Treaty on the Elimination of Intermediate-Range and Shorter-Range Missiles was signed in December 1987 "
    "and entered into force in June 1988. The parties undertook to destroy all ballistic and cruise missiles "
    "launched from the ground with ranges of between 500 and 5,500 kilometers. Washington accused Moscow of "
    "breaking the treaty several times, Moscow rejected the charges and made claims of its own. On August 2, "
    "2019, the treaty was terminated at the initiative of the United States. The Russian president said then "
    "that the country would not place such missiles until American ones appeared in the region."
)
