"""English: what is said and what is understood."""

from sandbox.speech.brain.intents import Intent, Phrase, Topic
from sandbox.speech.brain.words.vocabulary import Vocabulary

_PHRASES = {
    Phrase.GREETING: "Hello, you have reached {owner}. How can I help you?",
    Phrase.CONTINUE: "Sorry, we were interrupted.",
    Phrase.ASK_CONCERN: "How can I help you?",
    Phrase.ASK_NAME: "May I ask for your name, please?",
    Phrase.ASK_NAME_TO_CONNECT: "Who may I say is calling?",
    Phrase.ASK_REASON_TO_CONNECT: "And what is it about, please?",
    Phrase.ASK_MESSAGE: "What may I tell {owner}?",
    Phrase.ASK_NUMBER: "What number can you be called back on?",
    Phrase.ASK_NUMBER_FOR_LINK: "Which number may I send the link to?",
    Phrase.ASK_NUMBER_AGAIN: "I am sorry. Could you tell me the number once more, please?",
    Phrase.CONFIRM_NUMBER: "The number is {digits}. Is that right?",
    Phrase.ASK_ANYTHING_ELSE: "Is there anything else I can do for you?",
    Phrase.OFFER_MESSAGE: "Shall I take a message for {owner}?",
    Phrase.OFFER_RETRY: "Shall I try once more?",
    Phrase.STILL_THERE: "Are you still there?",
    Phrase.GO_ON: "Sorry, please go on.",
    Phrase.TAKE_YOUR_TIME: "Of course, take your time.",
    Phrase.NOT_UNDERSTOOD: "I am sorry, I did not understand that. Could you say it again, please?",
    Phrase.NOT_UNDERSTOOD_TWICE: "I am sorry, the line is not good.",
    Phrase.WHO_I_AM: "I am {assistant}, an AI assistant. I answer the phone for {owner}.",
    Phrase.I_AM_WELL: "I am fine, thank you.",
    Phrase.NOT_TOLD: "I am sorry, I cannot help with that.",
    Phrase.I_AM_HERE: "Yes, I am here.",
    Phrase.PRESSED: "You pressed {digits}. You can simply talk to me.",
    Phrase.LANGUAGE_CHANGED: "Of course, let us speak English.",
    Phrase.FACT: "{fact}",
    Phrase.NO_FACT: "I am sorry, I do not know that.",
    Phrase.NOTE_DOWN: "Let me note that down, {name}: {text}",
    Phrase.NOTE_DOWN_UNNAMED: "Let me note that down: {text}",
    Phrase.CONNECTING: "One moment, please, I am connecting you now.",
    Phrase.CONNECTING_DANGER: (
        "If anyone is in danger, hang up and call the emergency number at once. I am connecting you now."
    ),
    Phrase.CALL_EMERGENCY: "If anyone is in danger, please hang up and call the emergency number at once.",
    Phrase.CANNOT_CONNECT: "I am sorry, I cannot connect you right now.",
    Phrase.CANNOT_BOOK: "I am sorry, I cannot book appointments myself.",
    Phrase.BOOKING_LINK: "I will have the link to the booking page sent to you.",
    Phrase.BOOKING_LINK_FOR: "An appointment {moment}: I will have the link to the booking page sent to you.",
    Phrase.MESSAGE_TAKEN: "Your message has been taken, and {owner} will get it.",
    Phrase.MESSAGE_FAILED: "I am sorry, your message could not be stored.",
    Phrase.MESSAGE_FAILED_AGAIN: "I am sorry, it failed again: your message was not stored. Please call again later.",
    Phrase.CANNOT_TAKE_MESSAGE: "I am sorry, I cannot take a message. Please call again later.",
    Phrase.TRANSFER_FAILED: "I am sorry, nobody can take your call right now.",
    Phrase.LINK_NOTED: "The booking link will be sent to you by text.",
    Phrase.LINK_FAILED: "I am sorry, the booking link cannot be sent.",
    Phrase.TOOL_DONE: "That is done.",
    Phrase.TOOL_FAILED: "I am sorry, that did not work.",
    Phrase.ONE_MOMENT: "One moment, please.",
    Phrase.WELCOME: "You are welcome.",
    Phrase.DECLINE_SPAM: "Thank you, but we are not interested. Goodbye.",
    Phrase.DECLINE_ROBOT: "We do not take recorded calls. Goodbye.",
    Phrase.DECLINE_ABUSE: "I am ending this call now. Goodbye.",
    Phrase.WRONG_NUMBER: "No problem, that happens. Goodbye.",
    Phrase.GOODBYE: "Thank you for calling. Goodbye.",
    Phrase.GOODBYE_PASSED_ON: "Your message has been taken. Thank you for calling. Goodbye.",
    Phrase.APOLOGY: "I am sorry about that.",
}

_INTENTS = {
    Intent.GREETING: r"""
        hello|hi|hey|good (?:morning|afternoon|evening|day)
    """,
    Intent.GOODBYE: r"""
        (?:good ?)?bye(?: bye)?|see you(?: later| soon)?|have a (?:nice|good|great) (?:day|evening|one|weekend)
        talk to you (?:later|soon)|i(?:'ll| will| have to| must) (?:hang up|go now)
    """,
    Intent.THANKS: r"""
        (?:many )?thanks(?: a lot| so much| very much)?|thank you(?: so much| very much)?|cheers|appreciate it
    """,
    Intent.YES: r"""
        yes|yeah|yep|yup|sure|correct|exactly|right|please do|of course|okay|ok|go ahead|absolutely|that's right
        that is right|that would be (?:nice|great|good|fine)
    """,
    Intent.NO: r"""
        no|nope|nah|not really|that's wrong|that is wrong|incorrect|don't
    """,
    Intent.NOTHING_ELSE: r"""
        that's (?:all|it|everything)|that is (?:all|it|everything)|that was (?:all|it|everything)|nothing else
        ^(?:no )?nothing
        no that's (?:all|fine|it)|that will be all|that'll be all|i'm (?:all )?(?:good|set)
    """,
    Intent.REPEAT: r"""
        ^(?:what|huh|sorry|excuse me)$
        pardon(?: me)?|(?:say|repeat) (?:that|it)(?: again| please)?|come again|what did you say|repeat please
        (?:could|can) you repeat|(?:i )?(?:didn't|did not) (?:hear|get|catch|understand) (?:that|you|it)
    """,
    Intent.WAIT: r"""
        (?:wait|hold on|hang on|just|give me) ?(?:a|one)? ?(?:moment|second|minute|sec)|hold on|hang on
        one (?:moment|second)|wait(?: please)?|stop
    """,
    Intent.ARE_YOU_THERE: r"""
        are you (?:still )?there|can you hear me|is (?:anyone|anybody|somebody) there|hello hello
    """,
    Intent.WHO_ARE_YOU: r"""
        ^(?:(?:hello|hi|sorry|oh) )*is this (?!a\b|an\b|the\b|about\b|possible\b)\w+
        who (?:are|is) (?:you|this)|who am i (?:speaking|talking) (?:to|with)
        are you (?:a |an |really )?(?:real|robot|machine|human|bot|computer|ai|person)|what are you
        is this a (?:robot|machine|bot|recording|computer)
    """,
    Intent.HOW_ARE_YOU: r"""
        how are you(?: doing| today)?|how's it going|how do you do
    """,
    Intent.NOT_TELLING: r"""
        (?:rather|prefer) not|(?:don't|do not) want to (?:say|tell|give)|none of your business
        (?:can't|cannot|won't) (?:say|tell)|that's (?:private|personal)|it's (?:private|personal)
        (?:i'd|i would) rather stay anonymous
    """,
    Intent.SPAM: r"""
        (?:car|vehicle|extended|auto)(?:'s)? warranty|warranty (?:is )?(?:expir\w*|about to expire)
        search engine (?:optimi[sz]ation|rankings?)|seo|limited time(?: offer)?|special (?:offer|promotion|deal)
        exclusive (?:offer|deal)
        (?:lower|reduce|save on) (?:your )?(?:interest|electricity|energy|electric|phone|monthly)? ?(?:rates?|\
            bills?)
        credit card (?:rates?|debt|processing)|solar (?:panels?|energy|power)
        you(?:'ve| have) (?:won|been (?:selected|chosen|pre approved|preapproved))
        free (?:cruise|vacation|trial|consultation)|(?:business|personal) (?:loans?|funding)
        google (?:listing|business (?:profile|listing))|first page of google
        (?:short|quick|brief|customer|market) survey|gift cards?|social security number|bitcoin|crypto\w*
        investment opportunit\w+|(?:microsoft|windows|tech(?:nical)?) support|merchant (?:account|services)
        timeshare|(?:interested in|tell you about) our (?:offers?|products?|services?|packages?)
        (?:sell|selling) you|(?:i'm|i am|we're|we are) (?:selling|offering)|we offer|great offer
        cheaper (?:energy|electricity|insurance)
    """,
    Intent.ROBOCALL: r"""
        press (?:any|one|two|three|nine|zero|the|\d)(?: key)?(?: to| now| for)
        this is an? (?:automated|recorded|prerecorded|pre recorded)
        (?:automated|recorded) (?:message|call|announcement)|(?:do not|don't) hang up
        (?:final|last|second) (?:notice|attempt to reach|warning)|to be removed from (?:this|our) list
        your account (?:has been|will be) (?:suspended|charged|closed)|this call (?:may be|is being) monitored
    """,
    Intent.ABUSE: r"""
        fuck\w*|shut up|asshole|bastard|bitch|(?:you )?(?:stupid|damn|fucking) (?:idiot|machine|robot|bot|moron)
        idiot|moron|piece of shit|go to hell
    """,
    Intent.WRONG_NUMBER: r"""
        wrong number|misdialed|dialed the wrong|wrong person|must have (?:mis ?dialed|the wrong)
    """,
    Intent.DANGER: r"""
        (?:broke|broken|breaking) into|burglars?|intruders?|robbed
        (?:heart attack|stroke|unconscious|not breathing|can't breathe|bleeding|ambulance|suicid\w*|kill \
            (?:myself|himself|herself)|overdos\w*|on fire|house fire|being attacked|in danger|gas leak)
    """,
    Intent.URGENT: r"""
        urgent(?:ly)?|emergency|asap|as soon as possible|right away|immediately|straight away|life or death
        very important|hospital|accident|can't wait|cannot wait
    """,
    Intent.FAMILY: r"""
        (?:his|her|their|the owner's) (?:mother|mom|mum|father|dad|wife|husband|partner|son|daughter|brother|\
            sister|grandmother|grandfather|grandma|grandpa|aunt|uncle)
        (?:it's|it is|this is|i'm) (?:mom|mum|dad|grandma|grandpa)
        (?:my|our) (?:son|daughter|husband|wife|brother|sister) (?:works|lives|is the owner)
    """,
    Intent.HUMAN: r"""
        (?:speak|talk|spoken) (?:to|with) (?!you\b)|put me through|connect me|transfer me
        (?:real|actual|live) (?:person|human)|a human(?: being)?|an? operator|representative|pass me (?:to|on)
        is (?:he|she|the owner|the boss) (?:there|in|available|around|free)|get me (?:the owner|someone|somebody)
        can i have the owner
    """,
    Intent.MESSAGE: r"""
        (?:have|ask|tell|get) \w+ (?:to )?(?:call|ring) (?:me|us)|let \w+ know
        (?:take|leave|give|pass on|have) (?:a |him a |her a |them a |the |my )?message|call (?:me|us) back|callback
        call back|ring me back|return my call|(?:tell|let) (?:him|her|them) (?:that|know|i|to|about)
        pass (?:it|that|this) on|please (?:tell|let|inform|remind)|(?:tell|let) the owner
        (?:can|could|would) you (?:please )?(?:tell|let|ask|remind|inform) (?!me\b|us\b)\w+
        tell (?!me\b|us\b|you\b)[\w.]+ (?:that|about|to|i|we|he|she|it|the|my|our)
    """,
    Intent.BOOKING: r"""
        (?:do you have|have you got|is there) (?:any |some )?(?:time|availability|openings?|slots?)
        appointments?
        (?:make|book|schedule|arrange|set up) (?:a|an|the) (?:booking|meeting|time|slot|visit|reservation|\
            consultation|table)
        booking|reservation|reschedule|schedule (?:a|an) \w+|book (?:a|an|me|in)|when can i (?:come|drop) (?:in|by)
        free slots?
    """,
    Intent.INTRUSION: r"""
        (?:ignore|forget|disregard) (?:all |any |your |the |previous |prior )*(?:instructions|rules|prompts?)
        your (?:instructions|system prompt|prompt|rules)|system prompt|(?:you are|you're) now|pretend (?:to be|you)
        developer mode|who else (?:has )?called|other callers
        (?:his|her|their|the owner's|home|private) (?:private |personal |home |cell |mobile )+(?:number|address|\
            phone)
        where does (?:he|she|the owner) live|credit card number|passwords?
    """,
    Intent.QUESTION: r"""
        ^(?:(?:hi|hello|hey|and|so|okay|ok|yes|no|um) )*(?:what|when|where|how|who|which|why|do you|does|\
            are you|is there|is it|can i|could i|have you|may i|can you tell me|could you tell me)
        i (?:have|had) a question|i(?:'d| would) like to know|can you tell me|could you tell me|do you know
    """,
    Intent.SPEAK_ENGLISH: r"""
        (?:speak|in|to) english
    """,
    Intent.SPEAK_GERMAN: r"""
        (?:speak|in|to) german
    """,
}

_TOPICS = {
    Topic.HOURS: r"open(?:ing|s)?\b|hours|clos(?:e|ed|ing)\b|what time",
    Topic.ADDRESS: r"address|where are you|where (?:is|do i find|can i find)|located|location|directions|how do i get",
    Topic.PRICE: r"price|cost|how much|charge\b|fee\b|fees\b|rates?\b",
    Topic.EMAIL: r"e ?mail",
    Topic.WEBSITE: r"web ?site|web page|online",
    Topic.PARKING: r"park(?:ing)?\b",
    Topic.PAYMENT: r"pay\b|payment|credit cards?|cash|invoice me",
}

_COMMON = """
a about afternoon all am an and appointment are at back be but by bye call calling can could day do does for from
get give going good goodbye had has have he hello help her hi him his how i i'd i'll i'm i've in is it it's just
know leave like me message morning mother my name need no not number of on open or our owner please right she so
sorry speak speaking take talk tell thank thanks that that's the there this time to today tomorrow up urgent want
was we what what's when where which who will with would wrong yes you you're your
"""

_NO_NAMES = """
a about actually afraid again ai all already also an and any anything april are at august available back be because
busy but calling can certainly client concerning correct customer december definitely done emergency english
february fine for friday from german glad going good great happy having he hello her here hi his how i important in
interested is it january july june just late looking march may maybe me monday my new no nobody none not nothing
november october of ok okay old on only our out patient personal please private ready really regarding right
saturday september she so sorry speaking still sunday sure thank thanks that the their there they this thursday
tired to today trying tuesday unable urgent very waiting wanting was we wednesday what when where who why with
wondering yes you your
"""

_FILLERS = "um uh er well so oh and it it's its a the my to i would like have want please there"

_DIGITS = {
    "zero": "0",
    "oh": "0",
    "o": "0",
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
}

_INTRODUCTIONS = r"""
    (?:my|the) name(?:'s| is)|name(?:'s| is)|this is|it's|it is|i'm|i am
    you(?:'re| are) (?:speaking|talking) (?:to|with)|call me|that's|that is|the name is|under the name
"""

_MOMENTS = r"""
    (?:(?:on|next|this|coming) )*(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow)\
        (?: (?:morning|afternoon|evening))?(?: at (?:\d{1,2}(?:[:.]\d\d)?|noon)(?: ?(?:am|pm|a\.m\.|p\.m\.|\
        o'clock))?)?
    at \d{1,2}(?:[:.]\d\d)?(?: ?(?:am|pm|a\.m\.|p\.m\.|o'clock))?|next week
"""

_REQUESTS = r"""
    (?:my|the) (?:phone |telephone )?number is|(?:you can |please )?reach me (?:at|on)
    (?:(?:can|could|may|would) (?:i|you) |(?:i'd|i would) like to |i (?:want|need) to )?(?:please )?\
        (?:just )?(?:leave|take|pass on|give) (?:him |her |them )?(?:a |the |my )?message(?: for (?:\w+|the owner))?
    (?:(?:can|could|would) (?:you|he|she|they) )?(?:please )?(?:(?:ask|have|tell|get) (?:\w+|the owner) \
        (?:to )?)?(?:to )?(?:call|ring) (?:me|us)(?: back| again)?
    (?:(?:can|could|may) i |(?:i'd|i would) like to |i (?:want|need|have) to )?(?:please )?(?:speak|talk) (?:to|\
        with) (?:a |an |the |some)?(?:[\w.]+)
    is (?:[\w.]+ ){0,3}(?:there|in|available|around|free|home)
    (?:please )?(?:put me through|connect me|transfer me)(?: to \w+)?
"""

_RELATIONS = r"""
    (?:his|her|their|the owner's) (mother|mom|mum|father|dad|wife|husband|partner|son|daughter|brother|sister|\
        grandmother|grandfather|grandma|grandpa|aunt|uncle)
"""

_COURTESY = r"""
    oh|well|um|uh|yes|yeah|no|ok|okay|so|hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks|thank you|sorry
    please|sure|and
"""

VOCABULARY = Vocabulary(
    phrases=_PHRASES,
    intents=_INTENTS,
    topics=_TOPICS,
    common=frozenset(_COMMON.split()),
    no_names=frozenset(_NO_NAMES.split()),
    fillers=frozenset(_FILLERS.split()),
    digits=_DIGITS,
    introductions=_INTRODUCTIONS,
    signatures=r"speaking|here|calling|on the (?:line|phone)",
    relations=_RELATIONS,
    moments=_MOMENTS,
    requests=_REQUESTS,
    courtesy=_COURTESY,
    owner="the owner",
)
