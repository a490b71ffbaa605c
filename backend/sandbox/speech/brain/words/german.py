"""German: what is said and what is understood."""

from sandbox.speech.brain.intents import Intent, Phrase, Topic
from sandbox.speech.brain.words.vocabulary import Vocabulary

_PHRASES = {
    Phrase.GREETING: "Guten Tag, Sie sind verbunden mit {owner}. Wie kann ich Ihnen helfen?",
    Phrase.CONTINUE: "Entschuldigung, wir wurden unterbrochen.",
    Phrase.ASK_CONCERN: "Wie kann ich Ihnen helfen?",
    Phrase.ASK_NAME: "Wie ist Ihr Name, bitte?",
    Phrase.ASK_NAME_TO_CONNECT: "Wen darf ich melden?",
    Phrase.ASK_REASON_TO_CONNECT: "Und worum geht es, bitte?",
    Phrase.ASK_MESSAGE: "Was darf ich ausrichten?",
    Phrase.ASK_NUMBER: "Unter welcher Nummer sind Sie zu erreichen?",
    Phrase.ASK_NUMBER_FOR_LINK: "An welche Nummer darf ich den Link schicken lassen?",
    Phrase.ASK_NUMBER_AGAIN: "Entschuldigung. Nennen Sie mir die Nummer bitte noch einmal?",
    Phrase.CONFIRM_NUMBER: "Die Nummer ist {digits}. Ist das richtig?",
    Phrase.ASK_ANYTHING_ELSE: "Kann ich sonst noch etwas für Sie tun?",
    Phrase.OFFER_MESSAGE: "Darf ich eine Nachricht für {owner} aufnehmen?",
    Phrase.OFFER_RETRY: "Soll ich es noch einmal versuchen?",
    Phrase.STILL_THERE: "Sind Sie noch da?",
    Phrase.GO_ON: "Entschuldigung, bitte sprechen Sie.",
    Phrase.TAKE_YOUR_TIME: "Gerne, lassen Sie sich Zeit.",
    Phrase.NOT_UNDERSTOOD: "Entschuldigung, das habe ich nicht verstanden. Sagen Sie es bitte noch einmal?",
    Phrase.NOT_UNDERSTOOD_TWICE: "Entschuldigung, die Verbindung ist schlecht.",
    Phrase.WHO_I_AM: "Ich bin {assistant}, ein KI-Assistent, und nehme Anrufe für {owner} an.",
    Phrase.I_AM_WELL: "Danke, gut.",
    Phrase.NOT_TOLD: "Dabei kann ich Ihnen leider nicht helfen.",
    Phrase.I_AM_HERE: "Ja, ich bin da.",
    Phrase.PRESSED: "Sie haben {digits} gedrückt. Sie können einfach mit mir sprechen.",
    Phrase.LANGUAGE_CHANGED: "Gerne, sprechen wir Deutsch.",
    Phrase.FACT: "{fact}",
    Phrase.NO_FACT: "Das weiß ich leider nicht.",
    Phrase.NOTE_DOWN: "Das notiere ich, {name}: {text}",
    Phrase.NOTE_DOWN_UNNAMED: "Das notiere ich: {text}",
    Phrase.CONNECTING: "Einen Moment bitte, ich verbinde Sie jetzt.",
    Phrase.CONNECTING_DANGER: (
        "Wenn jemand in Gefahr ist, legen Sie auf und wählen Sie sofort den Notruf. Ich verbinde Sie jetzt."
    ),
    Phrase.CALL_EMERGENCY: "Wenn jemand in Gefahr ist, legen Sie bitte auf und wählen Sie sofort den Notruf.",
    Phrase.CANNOT_CONNECT: "Ich kann Sie gerade leider nicht verbinden.",
    Phrase.CANNOT_BOOK: "Termine kann ich leider nicht selbst vergeben.",
    Phrase.BOOKING_LINK: "Ich lasse Ihnen den Link zur Terminbuchung schicken.",
    Phrase.BOOKING_LINK_FOR: "Ein Termin {moment}: Ich lasse Ihnen den Link zur Terminbuchung schicken.",
    Phrase.MESSAGE_TAKEN: "Ihre Nachricht ist notiert, {owner} bekommt sie.",
    Phrase.MESSAGE_FAILED: "Ihre Nachricht konnte leider nicht gespeichert werden.",
    Phrase.MESSAGE_FAILED_AGAIN: (
        "Es hat leider wieder nicht geklappt: die Nachricht ist nicht gespeichert. Bitte rufen Sie "
        "später noch einmal an."
    ),
    Phrase.CANNOT_TAKE_MESSAGE: "Ich kann leider keine Nachricht aufnehmen. Bitte rufen Sie später noch einmal an.",
    Phrase.TRANSFER_FAILED: "Leider kann gerade niemand ans Telefon kommen.",
    Phrase.LINK_NOTED: "Der Link zur Terminbuchung wird Ihnen per SMS geschickt.",
    Phrase.LINK_FAILED: "Der Link zur Terminbuchung kann leider nicht geschickt werden.",
    Phrase.TOOL_DONE: "Das ist erledigt.",
    Phrase.TOOL_FAILED: "Das hat leider nicht geklappt.",
    Phrase.ONE_MOMENT: "Einen Moment, bitte.",
    Phrase.WELCOME: "Sehr gerne.",
    Phrase.DECLINE_SPAM: "Vielen Dank, aber wir haben kein Interesse. Auf Wiederhören.",
    Phrase.DECLINE_ROBOT: "Wir nehmen keine automatischen Anrufe an. Auf Wiederhören.",
    Phrase.DECLINE_ABUSE: "Ich beende das Gespräch jetzt. Auf Wiederhören.",
    Phrase.WRONG_NUMBER: "Kein Problem, das kann passieren. Auf Wiederhören.",
    Phrase.GOODBYE: "Vielen Dank für Ihren Anruf. Auf Wiederhören.",
    Phrase.GOODBYE_PASSED_ON: "Ihre Nachricht ist notiert. Vielen Dank für Ihren Anruf. Auf Wiederhören.",
    Phrase.APOLOGY: "Entschuldigen Sie bitte.",
}

_INTENTS = {
    Intent.GREETING: r"""
        hallo|guten (?:tag|morgen|abend)|grüß gott|servus|moin|grüezi
    """,
    Intent.GOODBYE: r"""
        tschüss?|tschüs|auf wieder(?:hören|sehen)|wiederhören|ciao|bis (?:bald|dann|später)
        (?:einen )?schönen (?:tag|abend)(?: noch)?|machen sie's gut|ich muss (?:jetzt )?(?:auflegen|los)
    """,
    Intent.THANKS: r"""
        danke(?: schön| sehr)?|vielen dank|besten dank
    """,
    Intent.YES: r"""
        ja|jawohl|genau|richtig|stimmt|gerne?|bitte ja|okay|ok|natürlich|klar|das wäre (?:nett|gut|schön)
        machen sie das
    """,
    Intent.NO: r"""
        nein|nee|nö|falsch|stimmt nicht|eigentlich nicht
    """,
    Intent.NOTHING_ELSE: r"""
        ^(?:nein )?nichts
        das (?:war|wär|wäre)(?:'s| es| alles)?|das ist alles|sonst nichts|nichts weiter|nein das war's|mehr nicht
    """,
    Intent.REPEAT: r"""
        wie bitte|(?:können|könnten) sie (?:das )?(?:bitte )?(?:noch ?mal|wiederholen|noch einmal)|noch ?mal bitte
        (?:das )?(?:habe|hab) ich nicht verstanden|was haben sie gesagt|wiederholen
    """,
    Intent.WAIT: r"""
        (?:einen |kleinen )?(?:moment|augenblick)(?: bitte| mal)?|warten sie(?: bitte| mal)?|stopp?|halt
    """,
    Intent.ARE_YOU_THERE: r"""
        sind sie noch da|hören sie mich|ist da (?:jemand|wer)|noch dran
    """,
    Intent.WHO_ARE_YOU: r"""
        bin ich (?:hier |da )?(?:richtig )?bei|ist (?:da|dort) (?:die|der|das)
        wer (?:sind sie|spricht da|ist da)|mit wem spreche ich
        sind sie (?:ein |eine |etwa )*(?:roboter|mensch|maschine|computer|ki|echt)
        ist das (?:ein |eine )?(?:roboter|maschine|computer|anrufbeantworter)
    """,
    Intent.HOW_ARE_YOU: r"""
        wie geht(?:'s| es ihnen| es dir)?
    """,
    Intent.NOT_TELLING: r"""
        (?:möchte|will|kann) (?:ich )?(?:das |meinen namen )?(?:lieber )?nicht (?:sagen|nennen|verraten)
        (?:sage|sag) ich (?:lieber )?nicht|geht sie nichts an|das ist privat|es ist privat|anonym bleiben
    """,
    Intent.SPAM: r"""
        (?:günstige\w*|neue\w*|billige\w*) (?:stromtarif\w*|tarif\w*|stromanbieter)|stromanbieter|gewinnspiel
        (?:sie haben|haben sie) (?:\w+ )*gewonnen|photovoltaik\w*|solaranlage\w*|suchmaschinenoptimierung|seo
        google ?(?:eintrag|platzierung)|umfrage|marktforschung|(?:sonder|top ?)angebot\w*
        (?:einmaliges|exklusives|tolles) angebot|bitcoin|krypto\w*|geldanlage\w*|kredit (?:zu|mit)
        versicherungs(?:angebot|vergleich)\w*|ihnen (?:\w+ )*(?:anbieten|verkaufen|vorstellen)|microsoft
        zeitschriften\w*|lotto\w*
    """,
    Intent.ROBOCALL: r"""
        drücken sie (?:jetzt )?(?:die )?\w+|(?:automatische|aufgezeichnete) (?:nachricht|ansage)|legen sie nicht auf
        letzte (?:mahnung|warnung)|ihr konto (?:wurde|wird) gesperrt
    """,
    Intent.ABUSE: r"""
        arschloch|wichser|fick\w*|halt(?:en sie)? (?:die fresse|die klappe|das maul)|idiot
        (?:blöde|dumme|scheiß)\w* (?:maschine|kuh|automat|roboter)|leck mich
    """,
    Intent.WRONG_NUMBER: r"""
        verwählt|falsche nummer|falsch verbunden|falschen nummer
    """,
    Intent.DANGER: r"""
        eingebrochen|einbrecher
        (?:herzinfarkt|schlaganfall|bewusstlos|atmet nicht|blutet stark|krankenwagen|notarzt|selbstmord|\
            umbringen|es brennt|überfall|in gefahr|lebensgefahr)
    """,
    Intent.URGENT: r"""
        dringend\w*|notfall\w*|sofort|so schnell wie möglich|umgehend|eilt|eilig|sehr wichtig|krankenhaus|unfall
    """,
    Intent.FAMILY: r"""
        (?:seine?|ihre?) (?:mutter|mama|vater|papa|frau|mann|tochter|sohn|bruder|schwester|oma|opa|großmutter|\
            großvater|tante|onkel)
        hier (?:ist|spricht) (?:die |der )?(?:mama|papa|oma|opa|mutti|vati)
    """,
    Intent.HUMAN: r"""
        (?:sprechen|reden)(?: kann| könnte| möchte)?$
        (?:mit|an) (?:(?!ihnen\b|dem anrufbeantworter\b)[\w.]+ )+(?:sprechen|reden|verbinden|durchstellen)
        verbinden sie mich|stellen sie mich durch|durchstellen
        (?:einen|einem|ein) (?:echten |richtigen |echter )?menschen?
        ist (?:er|sie|der chef|die chefin|der inhaber) (?:da|zu sprechen|erreichbar|im haus)
        (?:einem|einen) mitarbeiter
    """,
    Intent.MESSAGE: r"""
        (?:können|könnten) sie (?!mir\b)(?:bitte )?(?:[\w.]+ ){1,3}(?:sagen|ausrichten|mitteilen)
        sagen sie (?:herrn|frau)
        nachricht|ausrichten|rückruf|zurückrufen|zurückruft|rufen sie (?:mich|uns) (?:bitte )?zurück
        ruft (?:mich|uns) zurück|richten sie|sagen sie (?:ihm|ihr|ihnen|bitte)|weitergeben|bescheid (?:sagen|geben)
    """,
    Intent.BOOKING: r"""
        (?:haben|hätten) sie (?:noch )?(?:etwas |was )?(?:zeit|frei)
        termin\w*|reservier\w*|einen tisch|buchen|buchung|vorbeikommen
    """,
    Intent.INTRUSION: r"""
        (?:ignorier\w*|vergiss|vergessen sie|missachte\w*) (?:alle |deine |ihre |die |bisherigen |\
            vorherigen )*(?:anweisungen|regeln|vorgaben)
        (?:ihre|deine) (?:anweisungen|regeln|vorgaben)|systemprompt|wer (?:hat )?(?:sonst )?noch angerufen
        andere anrufer|(?:seine|ihre) (?:private\w* |persönliche\w* )+(?:nummer|adresse)|privat(?:nummer|adresse)
        wo wohnt|passw(?:ort|örter)
    """,
    Intent.QUESTION: r"""
        ^(?:(?:hallo|guten tag|und|also|ok|ja|nein|äh) )*(?:was|wann|wo|wie|wer|welche\w*|warum|haben sie|\
            sind sie|gibt es|kann ich|könnte ich|bieten sie|darf ich|nehmen sie)
        ich (?:habe|hätte) eine frage|ich wüsste gern\w*|können sie mir sagen|könnten sie mir sagen|wissen sie
    """,
    Intent.SPEAK_ENGLISH: r"""
        (?:auf |wir |sprechen sie )?englisch
    """,
    Intent.SPEAK_GERMAN: r"""
        (?:auf |sprechen sie |wir )(?:bitte )?deutsch|deutsch (?:sprechen|reden)
    """,
}

_TOPICS = {
    Topic.HOURS: r"geöffnet|öffnungszeit|offen\b|auf\?|schließ|geschlossen|wann machen sie|machen sie auf|uhrzeit",
    Topic.ADDRESS: r"adresse|wo (?:sind|finde|ist|liegt|befindet)|anfahrt|wie komme ich|standort",
    Topic.PRICE: r"preis|kosten\b|kostet|wie ?viel|gebühr|teuer",
    Topic.EMAIL: r"e ?mail",
    Topic.WEBSITE: r"web ?seite|internetseite|homepage|online",
    Topic.PARKING: r"park(?:en|platz|plätze)",
    Topic.PAYMENT: r"bezahl|zahlen\b|kreditkarte|bar\b|(?:auf|per) rechnung",
}

_COMMON = """
apparat
abend aber alle als am an angerufen anrufen auch auf aus auskunft bei bin bis bitte da danke das dass dem den der
deutsch die dies dringend du ein eine einem einen einer er es falsch für geht gern gerne geöffnet gibt guten habe
haben hallo hat heute hier ich ihm ihn ihnen ihr ihre ihren im ist ja jetzt kann keine können könnten machen mein
meine meinen mich mir mit morgen muss möchte nach nachricht name nein nicht noch nur oder rufen sagen schon sehr
sein sich sie sind spreche sprechen spricht tag termin tschüss uhr um und uns verbunden verwählt von vor wann warum
was wegen wer werden wie wiederhören wir wo wollte worum würde zu zum zur zurück über
"""

_NO_NAMES = """
aber alles anonym auch auf aus bei bitte bruder da dankbar danke das dass dem den der der-die deutsch die dienstag
donnerstag dran dringend eilig ein eine einem einen englisch er es etwas falsch frau freitag für gerade gern gerne
gut guten hallo heute hier ich ihr ihre in interessiert ja jetzt kein keine krank kunde kundin leider mal mann mir
mit mittwoch montag morgen mutter nein nicht nichts niemand noch notfall nun nur ok okay patient patientin privat
richtig samstag schwester sehr sein seine sicher sie so sohn sonntag spät tochter unterwegs vater verbunden verwählt
vom von was wegen wer wichtig wie wir wo zu zurzeit
"""

_FILLERS = "äh ähm also ach so und bitte ich möchte würde gerne es ist"

_DIGITS = {
    "null": "0",
    "eins": "1",
    "ein": "1",
    "zwei": "2",
    "zwo": "2",
    "drei": "3",
    "vier": "4",
    "fünf": "5",
    "sechs": "6",
    "sieben": "7",
    "acht": "8",
    "neun": "9",
}

_INTRODUCTIONS = r"""
    (?:mein|der) name(?: ist| wäre|:)?|ich heiße|hier ist|hier spricht|hier
    ich bin(?: die frau| der herr| frau| herr)?|das ist|es ist|sie sprechen mit|name ist
"""

_MOMENTS = r"""
    (?:(?:am|nächsten|diesen|kommenden) )*(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag|heute|\
        morgen)(?: (?:früh|vormittag|nachmittag|abend))?(?: um \d{1,2}(?:[:.]\d\d)?(?: uhr(?: \d\d)?)?)?
    um \d{1,2}(?:[:.]\d\d)?(?: uhr(?: \d\d)?)?|nächste woche
"""

_REQUESTS = r"""
    meine (?:telefon|handy)?nummer (?:ist|lautet)|(?:ich bin )?erreichbar unter|sie erreichen mich unter
    (?:ich (?:möchte|würde|will|wollte)|(?:kann|könnte|darf) ich|(?:können|könnten) sie)?(?: gerne?| bitte| ihm|\
         ihr| (?:dem |der )?(?:herrn|frau) \w+)*(?: eine| meine)? nachricht (?:hinterlassen|aufnehmen|notieren)
    etwas ausrichten|(?:um )?(?:einen )?rückruf(?: bitte)?
    (?:bitte )?(?:rufen sie|ruft|rufe?) (?:mich|uns) (?:bitte )?zurück
    (?:kann|könnte|möchte|würde) ich (?:gerne? )?(?:mit )?(?:[\w.]+ ){0,3}(?:sprechen|reden)
    ist (?:[\w.]+ ){0,3}(?:da|zu sprechen|erreichbar|im haus)
    verbinden sie mich(?: bitte)?(?: mit (?:herrn|frau)? ?\w+)?
"""

_RELATIONS = r"""
    (?:seine?|ihre?) (mutter|mama|vater|papa|frau|mann|tochter|sohn|bruder|schwester|oma|opa|großmutter|\
        großvater|tante|onkel)
"""

_COURTESY = r"""
    ach|also|äh|ähm|ja|nein|ok|okay|hallo|guten (?:tag|morgen|abend)|grüß gott|danke|bitte|entschuldigung|und
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
    signatures=r"am apparat|hier|mein name|am telefon",
    relations=_RELATIONS,
    moments=_MOMENTS,
    requests=_REQUESTS,
    courtesy=_COURTESY,
    owner="die Inhaberin oder den Inhaber",
)
