"""SmolLM2's tokenizer and chat template, built with Hugging Face's libraries from the metadata of its GGUF file."""

from gguf import GGUFReader, TokenType
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers


def load_tokenizer(reader: GGUFReader) -> Tokenizer:
    """Returns the byte-level BPE tokenizer: single digits, then the GPT-2 pattern; special tokens are recognised."""
    tokens = field(reader, "tokenizer.ggml.tokens")
    merges = [tuple(merge.split(" ")) for merge in field(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: id for id, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    kinds = field(reader, "tokenizer.ggml.token_type")
    tokenizer.add_special_tokens(
        [AddedToken(token, special=True) for token, kind in zip(tokens, kinds) if kind == TokenType.CONTROL]
    )
    return tokenizer


def render_chat(reader: GGUFReader, messages: list[dict[str, str]]) -> str:
    """Renders the conversation with the file's chat template, ready for the assistant's answer."""
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(field(reader, "tokenizer.chat_template"))
    return template.render(messages=messages, add_generation_prompt=True)


def field(reader: GGUFReader, name: str):
    """Returns one metadata value."""
    return reader.fields[name].contents()
