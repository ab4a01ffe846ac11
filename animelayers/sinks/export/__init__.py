"""Exporters: an output in the forms that trainers, libraries and animators read."""

from animelayers.sinks.export.aitoolkit import AiToolkit
from animelayers.sinks.export.base import Exporter, Piece, Written
from animelayers.sinks.export.caption import Caption
from animelayers.sinks.export.coco import Coco, FiftyOne
from animelayers.sinks.export.episode import Episode
from animelayers.sinks.export.huggingface import HfImageFolder, HfParquet
from animelayers.sinks.export.kohya import Kohya
from animelayers.sinks.export.musubi import MusubiImage, MusubiLayered
from animelayers.sinks.export.musubi_video import MusubiVideo
from animelayers.sinks.export.onetrainer import OneTrainer
from animelayers.sinks.export.picture import Picture
from animelayers.sinks.export.select import Select, stem
from animelayers.sinks.export.webdataset import WebDataset

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
    "WebDataset",
    "Written",
    "stem",
]
