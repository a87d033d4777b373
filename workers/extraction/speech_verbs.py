"""Words that attribute: verbs, nouns and adjectives of saying, writing, believing, wanting and judging.

Grouped by the complement they take (compare VerbNet's classes 29, 31-33, 37, 58, 60, 62). The lists are lemmas as
spaCy gives them. Attribution is meant in the wide sense of PARC3 and PolNeAR: beliefs, intentions and attitudes
count beside speech.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _frames(text: str) -> dict[str, frozenset[str]]:
    frames = (line.split(":") for line in text.strip().splitlines())
    return {lemma.strip(): _words(prepositions) for lemma, prepositions in frames}


# "X said [that] ...", '"...", X said', "as X said"
SAYING = _words(
    """say tell add ask write note report argue claim declare announce assert state explain insist maintain contend
    acknowledge admit concede confirm deny reply respond answer remark comment observe tweet retweet post joke quip
    warn caution suggest allege stress emphasize emphasise underline underscore reiterate repeat recall predict
    conclude believe think reckon hope fear complain lament grumble boast brag predicate exclaim shout yell cry
    whisper mutter murmur wonder muse inquire query testify swear vow pledge promise guarantee propose recommend
    demand urge plead beg counter retort interject continue agree disagree caution opine posit postulate theorize
    speculate hint imply indicate signal reveal disclose divulge confess inform notify remind assure
    reassure advise explain elaborate clarify point proclaim pronounce profess prophesy forecast estimate
    calculate figure suspect doubt assume presume suppose sing chant pray sneer scoff snap fume rage gush
    sigh laugh opine summarize relate recount narrate rule affirm reaffirm aver avow attest certify determine
    decide find learn tell caption headline quote cable blog"""
)

# takes a clause but never stands beside a quotation on its own
THINKING = _words(
    """know understand realize realise recognize recognise feel hear expect intend want wish prefer desire
    doubt worry imagine envision envisage foresee anticipate perceive consider deem regard view judge discover
    notice remember forget demonstrate show illustrate document verify establish hypothesize
    regret appreciate guess bet trust sense conceive reason deduce infer dream vote resolve care plan
    mandate stipulate order command direct instruct"""
)

# "X wants / refuses / promised to ..."
INTENDING = _words(
    """want plan hope intend vow refuse decline promise agree decide seek propose threaten pledge offer expect wish
    prefer swear undertake claim demand long yearn resolve opt desire hesitate purport
    volunteer consent ask beg pretend profess request"""
)

# "X urged Y to ...": the addressee belongs to the content
DIRECTING = _words(
    """urge encourage want ask order invite expect press beg implore exhort push command instruct direct
    challenge persuade convince pressure lobby forbid authorize authorise
    prefer warn beseech dare entreat """
)

# the direct object is whoever is told, not what is said
ADDRESSING = _words(
    """tell ask remind inform notify assure reassure warn advise brief caution convince persuade instruct pledge
    promise teach show lecture query thank"""
)

# "X criticised / rejected / discussed Y"
TREATING = _words(
    """accuse acclaim acknowledge address admire admit advocate allege analyze announce applaud appreciate approve
    argue assail assert assess attack authorize back bash bemoan berate blame blast boast cast castigate celebrate
    censure challenge champion characterize chastise chide chronicle cite claim commend compare concede condemn
    condone confirm confront congratulate consider contradict criticise criticize cheer debate decry
    defend demand denigrate denounce deny deplore depict deride describe detail disavow discuss disclose
    dislike dismiss disown dispute disparage distrust downplay doubt echo embrace emphasise emphasize endorse
    envision espouse estimate evoke examine excoriate expect explain explore express extol fault
    favor favour fear forecast foresee grill hail hate identify ignore imply
    impugn indicate interpret invoke insist insult issue justify lambast lambaste lament laud liken love
    malign mention mischaracterize mock name note oppose outline overrule overturn
    pan pardon parrot pitch portray praise preach predict prefer present proclaim profess promise
    promote propose protest propound question quote rebuff rebuke rebut recall recite recognize recommend recount
    reference refute regard regret reiterate reject reject relate repeat report reprimand repudiate request resent
    respect retell reveal ridicule rip salute savage scold scrutinize shrug signal skewer slam
    slander smear spell state stress suggest summarize support suspect tease threaten tout trash trumpet
    underline underscore understand undersell understate unveil urge validate veto view vilify voice
    want warn welcome worry write know say tell propose publicize predict propose
    imagine envisage mull ponder brand dub title term deem consider judge call
    nominate swear vow pledge offer downplay minimize hype concoct misrepresent admonish
    lecture thank protest affirm reaffirm clarify convey communicate
    raise reveal document show demonstrate illustrate """
)

# the preposition belongs to the cue: "X called for Y", "X warned against Y"
PREPOSITIONAL = _frames(
    """
    accuse: of
    advocate: for
    agree: with on to
    allude: to
    apologize: for
    apologise: for
    appeal: for to
    approve: of
    argue: for against
    ask: for about
    balk: at
    believe: in
    boast: about of
    brag: about of
    bristle: at
    call: for on
    campaign: for against
    care: about
    caution: against
    comment: on about
    compare: to
    complain: about of
    conceive: of
    concur: with
    critical: of
    debate: about over
    decide: on against
    defer: to
    differ: with on
    disagree: with on about
    disapprove: of
    dream: of about
    elaborate: on
    expand: on
    fantasize: about
    fear: for
    fret: about over
    gloat: about over
    grumble: about
    harp: on
    hear: about of
    hint: at
    hope: for
    inquire: about into
    insist: on upon
    joke: about
    know: about of
    lash: at against
    laugh: at
    learn: about of
    lie: about
    lobby: for against
    long: for
    marvel: at
    muse: about
    object: to
    opt: for
    plead: for with
    point: to at
    pray: for
    preach: about against
    press: for
    prohibit: from
    protest: against
    push: for
    rage: against at
    rail: against at
    rant: about against
    rave: about
    react: to
    refer: to
    remark: on
    reminisce: about
    reply: to
    respond: to
    rule: on against out
    scoff: at
    side: with
    sneer: at
    sour: on
    speak: about of against
    speculate: about on
    stand: by
    suspect: of
    swear: by off
    sympathize: with
    talk: about of up
    tell: about of
    testify: about against
    think: about of
    touch: on upon
    tweet: about
    vote: for against on
    vouch: for
    warn: of about against
    weigh: on
    wonder: about
    worry: about over
    write: about of
    yearn: for
    """
)

# "X described Y as ...", "X called Y ..."
NAMING = _words(
    """call describe label brand dub characterize characterise portray depict paint cast view regard consider deem
    judge denounce dismiss condemn hail praise deride cite define interpret name identify quote know
    criticize attack mock slam blast treat picture present tout think refer perceive title term hold declare"""
)

# whoever shows something is a source of it, though not alive
SHOWING = _words(
    "show find reveal indicate suggest say report note conclude demonstrate document estimate confirm"
)

# "X's claim that ...", "her refusal to ..."
NOUNS = _words(
    """accusation admission agreement allegation announcement answer argument assertion assessment assumption assurance
    belief bet bid call certainty charge claim comment commitment complaint concern conclusion concession confession
    confidence contention conviction criticism decision declaration demand denial desire determination doubt
    estimate evidence expectation explanation fear feeling finding forecast guess hint hope hunch idea
    implication impression indication insistence insinuation intention judgment knowledge lie message notion
    objection offer opinion order perception plan plea pledge prediction premise promise proof proposal proposition
    question reason recognition recommendation refusal reluctance remark reminder report request revelation rumor
    rumour ruling sense signal speculation statement story suggestion suspicion testimony theory thought threat
    understanding view vow warning willingness wish worry thesis advice appeal condemnation praise support
    opposition rhetoric attack defense denunciation endorsement rejection response"""
)

# "X is confident / worried / opposed ..."
ADJECTIVES = _words(
    """adamant afraid against angry anxious ashamed aware bearish bullish certain clear committed concerned confident
    content convinced critical cautious curious defiant determined disappointed dismissive doubtful eager excited fearful
    firm frank frustrated furious glad grateful happy hesitant hopeful impatient insistent inclined keen mindful
    nervous open opposed optimistic outraged passionate pessimistic pleased positive proud ready reluctant
    sad satisfied sceptical skeptical shocked silent sorry supportive sure surprised suspicious sympathetic
    thankful thrilled troubled uncertain unaware unclear uncomfortable uneasy unhappy unsure unwilling upset vocal
    wary willing worried"""
)

# "X's rejection of Y": what follows "of" is judged
JUDGING_NOUNS = _words(
    """criticism condemnation praise endorsement rejection denial denunciation description view assessment account
    embrace admiration disapproval approval acknowledgment acknowledgement recognition dismissal support opposition
    characterization portrayal interpretation critique mockery"""
)

# "X is a supporter of Y"
HOLDERS = _words(
    """supporter critic opponent advocate proponent defender champion fan admirer sceptic skeptic detractor foe
    backer believer enthusiast adversary"""
)

# verbs that carry a noun of speech: "voiced concern about", "made the claim that"
LIGHT = _words(
    "make express voice issue give offer raise deliver have repeat reject air convey send share state"
)
