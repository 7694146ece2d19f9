"""The ten prompts of the SmolLM2 goldens: five texts to continue and five conversations to answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prompt:
    """Either a text to continue (`text`) or a conversation to answer (`messages`)."""

    name: str
    text: str | None = None
    messages: list[dict[str, str]] | None = None


def user(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


PROMPTS = [
    Prompt("capital", text="The capital of France is"),
    Prompt("story", text="Once upon a time, in a small village by the sea, there lived"),
    Prompt("list", text="Shopping list for a vegetable soup:\n- carrots\n- onions\n-"),
    Prompt("code", text='def fibonacci(n):\n    """Return the n-th Fibonacci number."""\n'),
    Prompt("science", text="Photosynthesis is the process by which"),
    Prompt("chat-question", messages=[user("What is the capital of France?")]),
    Prompt("chat-explain", messages=[user("Explain in two sentences why the sky is blue.")]),
    Prompt("chat-list", messages=[user("Name three animals that live in the ocean.")]),
    Prompt(
        "chat-system",
        messages=[
            {"role": "system", "content": "You are a poet who writes in plain words."},
            user("Write a short poem about autumn."),
        ],
    ),
    Prompt(
        "chat-turns",
        messages=[
            user("My name is Anna and I have a dog called Rex."),
            {"role": "assistant", "content": "Nice to meet you, Anna! Rex is a lovely name for a dog."},
            user("What is my dog called?"),
        ],
    ),
]
