"""Exporters: an output in the forms that trainers, libraries and animators read."""

from animelayers.exports.aitoolkit import AiToolkit
from animelayers.exports.base import Exporter, Piece, Written
from animelayers.exports.caption import Caption
from animelayers.exports.coco import Coco
from animelayers.exports.episode import Episode
from animelayers.exports.fiftyone import FiftyOne
from animelayers.exports.huggingface import HfImageFolder, HfParquet
from animelayers.exports.kohya import Kohya
from animelayers.exports.musubi import MusubiImage, MusubiLayered
from animelayers.exports.musubi_video import MusubiVideo
from animelayers.exports.onetrainer import OneTrainer
from animelayers.exports.picture import Picture
from animelayers.exports.select import Select, stem
from animelayers.exports.strategies import Strategies
from animelayers.exports.webdataset import WebDataset

__all__ = [
    "AiToolkit",
    "Caption",
    "Coco",
    "Episode",
    "Exporter",
    "FiftyOne",
    "HfImageFolder",
    "HfParquet",
    "Kohya",
    "MusubiImage",
    "MusubiLayered",
    "MusubiVideo",
    "OneTrainer",
    "Picture",
    "Piece",
    "Select",
    "Strategies",
    "WebDataset",
    "Written",
    "stem",
]
