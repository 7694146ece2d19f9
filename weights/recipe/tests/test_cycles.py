"""The single masked pass equals decoding token by token."""

import pytest
import torch
from transformers import Qwen3Config, Qwen3ForCausalLM

from recipe.cycles import VANILLA, Rule, cycle_indices, hidden_states, seen_by_trunk
from recipe.decoding import Decoder


def model() -> Qwen3ForCausalLM:
    torch.manual_seed(1)
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=5, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, max_position_embeddings=128, tie_word_embeddings=True,
        )
    ).eval()  # fmt: skip


RULES = [Rule(*phase, history) for phase in (("prompt", "trunk"), ("prompt", "sum"), ("absolute", "masked"))
         for history in ("real", "shadow")]  # fmt: skip


def logits(network: Qwen3ForCausalLM, ids: torch.Tensor, indices: torch.Tensor, seen: torch.Tensor | None = None) -> torch.Tensor:
    with torch.no_grad():
        return network.lm_head(hidden_states(network, ids, indices, head_layers=3, seen=seen))


def test_cycle_indices_follow_the_rule():
    found = cycle_indices(8, torch.tensor([3, 2]), torch.tensor([2, VANILLA]))
    assert found.tolist() == [[-1, -1, -1, 0, 1, 0, 1, 0], [-1] * 8]
    found = cycle_indices(6, torch.tensor([3]), torch.tensor([3]), Rule("absolute"))
    assert found.tolist() == [[0, 1, 2, 0, 1, 2]]
    found = cycle_indices(6, torch.tensor([3, 3]), torch.tensor([2, VANILLA]), Rule(prompt_input="sum"))
    assert found.tolist() == [[0, 0, 0, 0, 1, 0], [-1] * 6]


def test_a_shadow_trunk_sees_the_prompt_and_beginnings_of_cycles():
    rule, starts = Rule("absolute", history="shadow"), torch.tensor([4, 4])
    indices = cycle_indices(10, starts, torch.tensor([3, VANILLA]), rule)
    seen = seen_by_trunk(indices, starts, rule)
    assert seen is not None and seen.int().tolist() == [[1, 1, 1, 1, 0, 0, 1, 0, 0, 1], [1] * 10]
    assert seen_by_trunk(indices, starts, Rule("absolute")) is None


def test_a_rule_that_contradicts_itself_is_refused():
    for phase, prompt_input in (("prompt", "masked"), ("absolute", "trunk"), ("absolute", "sum")):
        with pytest.raises(ValueError, match=f"{prompt_input} contradicts {phase} phase"):
            Rule(phase, prompt_input)
    assert Rule("absolute").prompt_input == "masked" and Rule().prompt_input == "trunk"


def test_vanilla_is_the_model_itself():
    network, ids = model(), torch.randint(97, (2, 20))
    indices = cycle_indices(20, torch.tensor([5, 7]), torch.tensor([VANILLA, VANILLA]))
    with torch.no_grad():
        torch.testing.assert_close(logits(network, ids, indices), network(ids).logits)


@pytest.mark.parametrize("rule", RULES)
def test_one_masked_pass_is_decoding_cycle_by_cycle(rule: Rule):
    network, ids = model(), torch.randint(97, (3, 30))
    for prompt in (1, 6, 11):
        for factor in (VANILLA, 1, 2, 3, 4, 6, 16):
            starts = torch.full((3,), prompt)
            indices = cycle_indices(30, starts, torch.full((3,), factor), rule)
            whole = logits(network, ids, indices, seen_by_trunk(indices, starts, rule))
            steps = Decoder(network, 3, rule).logits(ids[:, :prompt], factor)
            torch.testing.assert_close(next(steps), whole[:, prompt - 1], atol=1e-5, rtol=1e-4)
            for position in range(prompt, 30):
                torch.testing.assert_close(steps.send(ids[:, position]), whole[:, position], atol=1e-5, rtol=1e-4)


def test_no_position_sees_what_comes_after_it():
    network, ids, starts = model(), torch.randint(97, (1, 24)), torch.tensor([6])
    for rule in RULES:
        for factor in (2, 4):

            def computed(end: int) -> torch.Tensor:
                indices = cycle_indices(end, starts, torch.tensor([factor]), rule)
                return logits(network, ids[:, :end], indices, seen_by_trunk(indices, starts, rule))

            whole = computed(24)
            for end in range(1, 25):
                part = computed(end)
                torch.testing.assert_close(part[:, -1], whole[:, end - 1], atol=1e-5, rtol=1e-4)


def test_padding_on_the_right_changes_nothing():
    network, ids, starts, factors = model(), torch.randint(97, (1, 12)), torch.tensor([4]), torch.tensor([3])
    padded = torch.cat([ids, torch.zeros(1, 5, dtype=torch.long)], dim=1)
    torch.testing.assert_close(
        logits(network, padded, cycle_indices(17, starts, factors))[:, :12], logits(network, ids, cycle_indices(12, starts, factors))
    )
