"""Words that say who is in a picture, and words that say where it is; English, in the singular unless the
plural is irregular.
"""

from __future__ import annotations


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


BEINGS = _listed("""
    person people human man men woman women boy girl child children kid baby toddler teen teenager adult lady gentleman guy gal male female
    character figure protagonist hero heroine villain someone somebody anyone anybody everyone nobody crowd family friend
    student teacher soldier knight warrior samurai ninja fighter witch wizard mage princess prince king queen maid butler player dancer singer
    pilot rider passenger pedestrian bystander spectator silhouette portrait doll mascot creature monster dragon demon angel fairy elf vampire
    robot android mecha cyborg animal dog puppy cat kitten lion tiger bear wolf wolves fox rabbit bunny mouse mice horse bird fish
    he him his himself she her hers herself who whom whose they them their theirs
    face eye eyebrow mouth lip nose ear hair hairstyle ponytail bangs pigtail beard moustache finger shoulder torso waist knee elbow skin
    smile smiling grin grinning frown frowning blush blushing crying laughing expression gaze gazing stare staring pose posing
    wear wearing worn dressed outfit costume clothes clothing dress skirt shirt jacket coat hoodie sweater trousers pants shorts shoe boot
    glove hat cap scarf glasses armor armour uniform kimono cape
""")
"""Beings, what they are made of and what they wear; and the pronouns that stand for them."""

BEING_ENDS = (
    "girl",
    "boy",
    "woman",
    "women",
    "man",
    "men",
    "person",
    "people",
    "child",
    "children",
    "hero",
    "heroine",
)
"""Ends of compound words that are beings: schoolgirl, swordsman, superhero."""

PLACES = _listed("""
    background backdrop scene scenery scenic environment surrounding landscape setting location place foreground canvas horizon skyline
    indoor outdoor inside outside sky skies cloud sunset sunrise dusk dawn night nighttime daytime daylight evening morning afternoon sunny
    city cities town village street road alley path sidewalk pavement highway market room bedroom bathroom kitchen classroom office hall
    hallway corridor house home building skyscraper tower castle temple shrine church palace wall floor ceiling roof rooftop ground window
    door doorway stair staircase bridge park garden playground stadium station shop store restaurant cafe bar stage
    grass field meadow forest woods jungle tree bush shrub foliage leaves mountain hill cliff valley canyon cave desert island beach shore coast
    river stream lake pond sea ocean waterfall snow rain fog mist space planet ruin ruins dungeon battlefield
    table desk bed sofa couch bench fence furniture curtain carpet shelf shelves lamp streetlight
""")
"""Places, what stands in them, weather and time of day."""

EMPTY = _listed("""
    a an the this that these those it its is are was were be been being am can could may might seem seems seen appear appears visible shown
    there here some any no not without with within of in on at to from by for near and or but as while where which what one other another we
    image picture photo photograph illustration drawing painting artwork art frame still screenshot shot view scene anime cartoon animated
    front behind beside next left right top bottom middle center centre side around against under over through along across into onto
    set located surrounded has have had do does also very just only
""")
"""Words that say nothing by themselves: a piece of a sentence made of them alone is no piece of its own."""

PRESENTERS = _listed("""
    of see shows show showing depicts depicting features featuring displays displaying captures capturing portrays portraying contains containing
""")
"""Words that end an opening such as 'the image shows'."""

NEARBY = _listed("""
    in on at against near beside behind under beneath below above over through across along around between among amid amidst surrounded beyond
    toward towards from into onto upon up down off set located next inside outside within where
""")
"""Words that begin a phrase of place, which is true of the place even where nobody is in it."""

ABOUT = _listed("wearing who whose while dressed")
"""Words that begin a phrase about a being, wherever it stands."""

JOINTS = "|".join(
    sorted(
        NEARBY | ABOUT | _listed("and or but with without by for to of as whom which that when"),
        key=len,
        reverse=True,
    )
)
"""Words before which a sentence is cut into pieces."""

LEADS = NEARBY | _listed(
    "and or but while with by for to of as which that when front is are was were be being"
)
"""Words that a piece does not begin with where what stood before it was dropped."""
