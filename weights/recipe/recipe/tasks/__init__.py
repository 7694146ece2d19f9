"""The task suite: generators of questions and answers, each with a training and a held-out side that share nothing."""

from recipe.tasks.suite import SUITE, Item, Task, held_out_items, training_item

__all__ = ["SUITE", "Item", "Task", "held_out_items", "training_item"]
