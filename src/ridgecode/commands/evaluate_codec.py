"""`ridgecode evaluate-codec`: bytes and distortion of an image codec at several qualities."""

import json
from typing import Any

from ridgecode.commands.settings.evaluate_codec import EvaluateCodec
from ridgecode.errors import BadInput
from ridgecode.evaluation.headlines import codec_headline
from ridgecode.evaluation.image_codecs import image_codec, measure_image_codec, qualities_of
from ridgecode.evaluation.places import check_no_folder
from ridgecode.prints.canonical import CANONICAL_PPI
from ridgecode.prints.store import PrintStore
from ridgecode.prints.views import VIEWS


def evaluate_codec(settings: EvaluateCodec) -> dict[str, Any]:
    """Measures, writes and prints; returns what the JSON holds. Raises BadInput for an unusable store, quality or
    --out, for prints that the codec can't code, and where its package is missing."""
    if settings.view == "full":
        raise BadInput("--view full is of our own models; give whole or crop32 (results/full_size compares at 500 ppi)")
    out, view = settings.out, VIEWS[settings.view]
    check_no_folder(out, f"{settings.codec}.json")
    if (out.parent / "config.yaml").is_file():
        raise BadInput(f"--out {out} lies in a run's folder; give a place of its own")
    store = PrintStore.open(settings.data).at_ppi(CANONICAL_PPI)
    codec = image_codec(settings.codec, view, store)
    qualities = qualities_of(settings.qualities, codec)
    content = measure_image_codec(codec, qualities, view, store, settings.split, out)
    if settings.json:
        print(json.dumps(content))
        return content
    for line in codec_headline(content):
        print(line)
    print(f"figures lie in {out}")
    return content
