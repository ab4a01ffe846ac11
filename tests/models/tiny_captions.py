"""Tiny checkpoints of BLIP-2, Qwen2-VL, Qwen3-VL and Florence-2 with random weights, saved as the real ones
are: they prove the plumbing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{% for part in message.content %}"
    "{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_CLIP = {"image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28]}


def letters(*special: str, **named: str) -> Any:
    """A tokenizer of single bytes, after them the special tokens, of which some have names; it tells all
    bytes apart when it decodes.
    """
    import transformers as hf
    from tokenizers import Tokenizer, models, pre_tokenizers

    vocab = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    made = Tokenizer(models.BPE(vocab, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.add_special_tokens([*special])
    extra = {
        name: token
        for name, token in named.items()
        if name.endswith("_token") and name not in ("pad_token", "eos_token", "bos_token")
    }
    plain = {name: token for name, token in named.items() if name not in extra}
    return hf.PreTrainedTokenizerFast(tokenizer_object=made, extra_special_tokens=extra, **plain)


def blip2(path: Path) -> None:
    """BLIP-2 with OPT, for pictures of 32 pixels."""
    import transformers as hf

    tokens = letters("<pad>", "</s>", "<image>", pad_token="<pad>", eos_token="</s>", bos_token="</s>")
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = {
        "model_type": "opt",
        "vocab_size": 259,
        "hidden_size": 16,
        "ffn_dim": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    text |= {
        "max_position_embeddings": 128,
        "word_embed_proj_dim": 16,
        "pad_token_id": 256,
        "bos_token_id": 257,
        "eos_token_id": 257,
        "tie_word_embeddings": False,
    }
    config = hf.Blip2Config(
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
        qformer_config={**sizes, "encoder_hidden_size": 16, "vocab_size": 259},
        text_config=text,
        num_query_tokens=4,
        image_token_index=258,
        tie_word_embeddings=False,
    )
    _saved(hf.Blip2ForConditionalGeneration(config), path)
    pixels = hf.BlipImageProcessor(size={"height": 32, "width": 32}, **_CLIP)
    hf.Blip2Processor(pixels, tokens, num_query_tokens=4).save_pretrained(path)


def florence2(path: Path) -> None:
    """Florence-2 for pictures of 64 pixels, which are five tokens: four places and their mean."""
    import transformers as hf

    tokens = letters(
        "<s>",
        "<pad>",
        "</s>",
        "<image>",
        pad_token="<pad>",
        eos_token="</s>",
        bos_token="<s>",
        image_token="<image>",
    )
    ones = [1, 1, 1, 1]
    vision = {
        "depths": ones,
        "embed_dim": [8, 8, 16, 16],
        "num_heads": ones,
        "num_groups": ones,
        "window_size": 2,
        "projection_dim": 16,
    }
    text = {
        "model_type": "bart",
        "vocab_size": 260,
        "d_model": 16,
        "encoder_layers": 1,
        "decoder_layers": 2,
        "encoder_attention_heads": 2,
    }
    text |= {
        "decoder_attention_heads": 2,
        "encoder_ffn_dim": 32,
        "decoder_ffn_dim": 32,
        "max_position_embeddings": 256,
    }
    text |= {
        "bos_token_id": 256,
        "pad_token_id": 257,
        "eos_token_id": 258,
        "decoder_start_token_id": 258,
        "forced_eos_token_id": 258,
        "tie_word_embeddings": False,
    }
    _saved(
        hf.Florence2ForConditionalGeneration(
            hf.Florence2Config(
                vision_config=vision, text_config=text, image_token_id=259, tie_word_embeddings=False
            )
        ),
        path,
    )
    side = {"height": 64, "width": 64}
    pixels = hf.CLIPImageProcessor(size=side, crop_size=side, do_center_crop=False, **_CLIP)
    pixels.image_seq_length = 5
    hf.Florence2Processor(pixels, tokens).save_pretrained(path)


def qwen_vl(path: Path, family: str = "Qwen2VL") -> None:
    """Qwen2-VL or, with `family` Qwen3VL, its successor."""
    import transformers as hf

    special = [
        "<pad>",
        "<|im_start|>",
        "<|im_end|>",
        "<|vision_start|>",
        "<|vision_end|>",
        "<|image_pad|>",
        "<|video_pad|>",
    ]
    tokens = letters(
        *special,
        pad_token="<pad>",
        eos_token="<|im_end|>",
        image_token="<|image_pad|>",
        video_token="<|video_pad|>",
    )
    places = {
        "vision_start_token_id": 259,
        "vision_end_token_id": 260,
        "image_token_id": 261,
        "video_token_id": 262,
    }
    rope = {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 10000.0}
    text = {
        "vocab_size": 263,
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    text |= {
        "rope_parameters": rope,
        "max_position_embeddings": 512,
        "pad_token_id": 256,
        "eos_token_id": 258,
        "head_dim": 8,
        "tie_word_embeddings": False,
    }
    if family == "Qwen2VL":
        vision = {
            "embed_dim": 32,
            "hidden_size": 32,
            "depth": 2,
            "num_heads": 2,
            "mlp_ratio": 2,
            "patch_size": 14,
        }
    else:
        vision = {
            "hidden_size": 32,
            "out_hidden_size": 32,
            "depth": 2,
            "num_heads": 2,
            "intermediate_size": 64,
            "patch_size": 14,
        }
        vision |= {"deepstack_visual_indexes": [0, 1], "num_position_embeddings": 64}
    config = getattr(hf, f"{family}Config")(
        text_config=text, vision_config=vision, tie_word_embeddings=False, **places
    )
    _saved(getattr(hf, f"{family}ForConditionalGeneration")(config), path)
    pixels = {
        "patch_size": 14,
        "temporal_patch_size": 2,
        "merge_size": 2,
        "size": {"shortest_edge": 28 * 28, "longest_edge": 28 * 28 * 16},
        **_CLIP,
    }
    video = getattr(hf, f"{family}VideoProcessor")()
    getattr(hf, f"{family}Processor")(
        hf.Qwen2VLImageProcessor(**pixels), tokens, video, chat_template=CHAT
    ).save_pretrained(path)


def _saved(model: Any, path: Path) -> None:
    import torch

    torch.manual_seed(0)
    for weight in model.parameters():
        if weight.ndim > 1:  # so large that what is seen changes what is said
            torch.nn.init.normal_(weight, 0, 0.5)
    model.save_pretrained(path)
