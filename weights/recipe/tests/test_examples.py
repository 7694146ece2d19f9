"""Conversations are encoded with the model's template and tokenizer."""

from pathlib import Path

from recipe import vocabulary
from recipe.examples import Chat, answers

GOLDENS = Path(__file__).parents[3] / "Tests/Goldens/tokenizers"
QUESTION = [{"role": "user", "content": "What is 2 + 2?"}]


def test_a_template_that_can_think_aloud_is_told_not_to():
    chat = Chat(GOLDENS / "qwen2-style")
    example = chat.example(QUESTION, "It is 4.")
    prompt = chat.tokenizer.decode(example.ids[: example.answer_start], skip_special_tokens=False)
    answer = chat.tokenizer.decode(example.ids[example.answer_start :], skip_special_tokens=False)
    assert prompt.endswith("<|im_start|>assistant\n<think>\n\n</think>\n\n")
    assert answer == "It is 4.<|im_end|>"
    assert chat.prompt(QUESTION) == example.ids[: example.answer_start]


def test_llama_3_has_its_own_turns():
    chat = Chat(GOLDENS / "llama3-style")
    example = chat.example(QUESTION, "It is 4.")
    text = chat.tokenizer.decode(example.ids, skip_special_tokens=False)
    assert text.endswith("<|start_header_id|>assistant<|end_header_id|>\n\nIt is 4.<|eot_id|>")
    assert chat.tokenizer.decode(example.ids[example.answer_start :], skip_special_tokens=False) == "It is 4.<|eot_id|>"


def test_our_template_is_chat_ml(tmp_path: Path):
    vocabulary.save(vocabulary.train(["a b c"], 300), tmp_path)
    chat = Chat(tmp_path)
    turns = [{"role": "system", "content": "s"}, *QUESTION]
    assert chat._rendered(turns, True) == vocabulary.chat_ml(turns, True)
    assert chat._rendered(turns, False) == vocabulary.chat_ml(turns, False)


def test_each_answer_of_a_conversation_is_an_example():
    turns = [{"role": role, "content": role + str(n)} for n in (1, 2) for role in ("user", "assistant")]
    assert [(len(before), answer) for before, answer in answers({"messages": turns})] == [
        (1, "assistant1"),
        (3, "assistant2"),
    ]
