"""A language model small enough to train in seconds: whole words in, a Llama of a few narrow layers."""

from __future__ import annotations

from collections.abc import Sequence

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.language.language_model import LanguageModel

BLANK, END, UNKNOWN = "<blank>", "<end>", "<unknown>"


def small_language_model(
    words: Sequence[str],
    *,
    layers: int = 4,
    width: int = 64,
    heads: int = 4,
    longest: int = 64,
    seed: int = 0,
) -> LanguageModel:
    """An untrained model over a vocabulary of whole words, split at blanks.

    Parameters
    ----------
    words : the vocabulary; a blank, an end and an unknown word are added.
    layers, width, heads : of the transformer; its feed-forward part is four times as wide.
    longest : tokens it can read.
    seed : of its weights.

    Raises
    ------
    InputError : for no words, a word twice or with a blank in it, or a width that the heads do not share evenly.
    """
    torch = require("torch", "neural")
    transformers = require("transformers", "neural")
    tokenizers = require("tokenizers", "neural")
    known = list(words)
    wrong = [w for w in known if not isinstance(w, str) or not w or w.split() != [w]]
    if not known or wrong or len(set(known)) < len(known):
        found = f"{wrong[0]!r}" if wrong else "a word twice" if known else "none"
        raise InputError(f"words: {found} found, expected different words without blanks in them")
    if heads < 1 or layers < 1 or width % (2 * heads):
        raise InputError(f"width: {width} found, expected a multiple of twice the {heads} heads")
    vocabulary = {word: number for number, word in enumerate((BLANK, END, UNKNOWN, *known))}
    inner = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token=UNKNOWN))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=BLANK, eos_token=END, unk_token=UNKNOWN, padding_side="left"
    )
    config = transformers.LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=width,
        intermediate_size=4 * width,
        num_hidden_layers=layers,
        # The library's 0.02 suits wide networks; a narrow one would be nearly silent, and learn facts very slowly.
        initializer_range=width**-0.5,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=longest,
        pad_token_id=vocabulary[BLANK],
        bos_token_id=None,
        eos_token_id=vocabulary[END],
        attn_implementation="eager",
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = transformers.LlamaForCausalLM(config)
    return LanguageModel(model=model.eval(), tokenizer=tokenizer, name=f"llama of {layers} x {width}", source="memory")
