"""The masked single pass is decoding, token by token."""

import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from recipe.cycles import VANILLA, hidden_states, places
from recipe.decoding import Decoder


def model() -> Qwen3ForCausalLM:
    torch.manual_seed(1)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=5, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, max_position_embeddings=128, tie_word_embeddings=True,
        )
    ).eval()  # fmt: skip


def logits(network: Qwen3ForCausalLM, ids: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return network.lm_head(hidden_states(network, ids, place, head_layers=3))


def test_places_follow_the_rule():
    found = places(8, torch.tensor([3, 2]), torch.tensor([2, VANILLA]))
    assert found.tolist() == [[-1, -1, -1, 0, 1, 0, 1, 0], [-1] * 8]
    found = places(6, torch.tensor([3]), torch.tensor([3]), phase="absolute")
    assert found.tolist() == [[0, 1, 2, 0, 1, 2]]


def test_vanilla_is_the_model_itself():
    network, ids = model(), torch.randint(97, (2, 20))
    place = places(20, torch.tensor([5, 7]), torch.tensor([VANILLA, VANILLA]))
    with torch.no_grad():
        torch.testing.assert_close(logits(network, ids, place), network(ids).logits)


def test_one_masked_pass_is_decoding_cycle_by_cycle():
    network, ids = model(), torch.randint(97, (3, 30))
    for prompt in (1, 6, 11):
        for factor in (VANILLA, 1, 2, 3, 4, 6, 16):
            place = places(30, torch.full((3,), prompt), torch.full((3,), factor))
            whole = logits(network, ids, place)
            steps = Decoder(network, head_layers=3).logits(ids[:, :prompt], factor)
            torch.testing.assert_close(next(steps), whole[:, prompt - 1], atol=1e-5, rtol=1e-4)
            for position in range(prompt, 30):
                torch.testing.assert_close(steps.send(ids[:, position]), whole[:, position], atol=1e-5, rtol=1e-4)


def test_no_position_sees_what_comes_after_it():
    network, ids, starts = model(), torch.randint(97, (1, 24)), torch.tensor([6])
    for phase in ("prompt", "absolute"):
        for factor in (2, 4):
            factors = torch.tensor([factor])
            whole = logits(network, ids, places(24, starts, factors, phase))
            for end in range(1, 25):
                part = logits(network, ids[:, :end], places(end, starts, factors, phase))
                torch.testing.assert_close(part[:, -1], whole[:, end - 1], atol=1e-5, rtol=1e-4)


def test_padding_on_the_right_changes_nothing():
    network, ids, starts, factors = model(), torch.randint(97, (1, 12)), torch.tensor([4]), torch.tensor([3])
    padded = torch.cat([ids, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    torch.testing.assert_close(
        logits(network, padded, places(17, starts, factors))[:, :12], logits(network, ids, places(12, starts, factors))
    )
