"""Typical requests to an assistant, as templates over topics. The last quarter of each kind is held out."""

from __future__ import annotations

EASY = ("copy", "rewrite", "list", "sort")
"""Kinds whose answers repeat or rearrange the prompt, or mostly follow a given form."""

TEMPLATES: dict[str, str] = {
    "explain": """Explain {subject} in simple terms.
Explain {subject} to a ten year old.
How does {subject} work?
Why is {subject} important?
What should a beginner know about {subject}?
What do people often get wrong about {subject}?
What would happen if there were no {subject}?
What is the connection between {subject} and {subject2}?
Give me an analogy for {subject}.
What are the main facts about {subject}?
What are common problems with {subject}, and how are they solved?
Teach me something about {subject}.""",
    "define": """What does the word "{noun}" mean?
What is {a_noun}?
What is {a_noun} used for?
What is the difference between {a_noun} and {a_noun2}?
Which word means "{meaning}"?
Explain what it means to {verb}.
Use the word "{noun}" in three sentences.
Is this a good definition of {defined}? "{meaning}"
Give a short definition of "{noun}" and one example.""",
    "list": """List five facts about {subject}.
List 7 tips about {subject}.
Give me ten words that have to do with {noun}.
Write a packing list for a trip that is about {subject}.
Name five things that one needs for {subject}.
Give me a numbered list of steps to learn about {subject}.
Make a shopping list for a party about {subject}.
What are the advantages and disadvantages of {subject}? Answer with two lists.
List the pros and cons of {subject}.
Give me three interesting questions about {subject}.
Write a checklist for {subject} with eight points.
Make a table with three columns about {subject}.""",
    "story": """Write a short story about {subject}.
Write a short story about {a_noun}.
Write a story about {name}, who finds {a_noun}.
Tell me a bedtime story about {name} and {a_noun}.
Write a funny story about {subject} and {subject2}.
Write a story with the words {noun}, {noun2} and {noun3}.
Write the beginning of a mystery in which someone has to {verb} {a_noun}.
Continue this story: {name} had never seen {a_noun} before.""",
    "letter": """Write an email to a colleague about {subject}.
Write a letter to a friend about {subject}.
Write a polite email asking {name} for help with {subject}.
Write a thank you note to {name} for {a_noun}.
Write a short message in which {name} tells {name2} about {subject}.
Write a complaint about {a_noun} that does not work.
Write an invitation to an evening about {subject}.
Write a cover letter for a job that has to do with {subject}.""",
    "rewrite": """Rewrite this in simpler words: {passage}
Rewrite this in a formal tone: {sentence}
Rewrite this text in the past tense: {passage}
Correct the spelling and grammar: {misspelt}
Make this friendlier: {sentence}
Turn this into a question: {sentence}
Rewrite this as a list of bullet points: {passage}
Paraphrase the following text: {passage}
Make this text shorter: {passage}
Improve the style of this sentence: {sentence}""",
    "copy": """Repeat the following text word for word: {passage}
Write this sentence three times: {sentence}
Copy this list: {items}
Write the following in capital letters: {sentence}
Put each of these on a line of its own: {items}
Repeat this list of numbers: {numbers}
Write these words as a JSON array: {items}
Quote the first sentence of this text: {passage}""",
    "sort": """Sort these words alphabetically: {items}
Sort these numbers from smallest to largest: {numbers}
Write this list in reverse order: {items}
Number these items from 1 on: {items}
Remove the duplicates from this list: {items}, {items}
Sort these names: {names}""",
    "summarise": """Summarize this in one sentence: {passage}
What is the main idea of this text? {passage}
Give this text a title: {passage}
List the key words of this text: {passage}
Summarize the history of {subject}.
Answer in one word what this text is about: {passage}
What follows is a note. Say briefly what it is about. {passage}""",
    "question": """Read the text and answer. {passage} What is {a_defined_there}?
{passage} Is this text about people, things or ideas? Explain.
Write two questions that this text answers: {passage}
Text: {passage} Question: which words in it are hard to understand?
Is the following true? {sentence}
Write a question whose answer is "{meaning}".""",
    "dialogue": """Write a dialogue between two people about {subject}.
Write a conversation between {name} and {name2} about {a_noun}.
Write an interview with {name}, who knows a lot about {subject}.
Write a dialogue in a shop that sells things for {subject}.
{name} and {name2} disagree about {subject}. Write what they say.""",
    "advice": """{name} wants to {verb}. What advice would you give?
How do I {verb} {a_noun}?
How can I learn more about {subject}?
I am bored with {subject}. What could I try?
Give me advice on {subject}.
How do I explain {subject} to my parents?
What should I do if {a_noun} breaks?
I'm writing a report about {subject}. Can you help me get started?""",
    "write": """Write a short paragraph about {subject}.
Write a blog post introduction about {subject}.
Write a news article about {subject}.
Write a product description for {a_noun}.
Write a speech about {subject}.
Write a social media post about {subject}.
Create an outline for an essay on {subject}.
Write one paragraph in which someone has to {verb} {a_noun}.
Expand this into a paragraph: {sentence}
Describe {a_noun} in two sentences.""",
    "poem": """Write a poem about {subject}.
Write a haiku about {subject}.
Write four rhyming lines about {a_noun}.
Write a short song about {subject}.
Write a limerick about {name} and {a_noun}.""",
    "compare": """Compare {subject} and {subject2}.
Which is better, {subject} or {subject2}? Give reasons.
What do {a_noun} and {a_noun2} have in common?
Is {subject} more useful than {subject2}?""",
    "arithmetic": """What is {a} + {b}?
What is {a} times {c}?
{name} has {a} {things} and gets {b} more from {name2}. How many {things} does {name} have? Explain step by step.
If one of the {things} costs {c} dollars, how much do {b} {things} cost?
{name} walks {c} miles a day. How far does {name} walk in {b} days?
What is {percent}% of {hundreds}?
{name} is {a} years old. {name2} is {c} years older. How old is {name2}?
Find the area of a rectangle that is {a} cm long and {b} cm wide.
A train goes {a} miles in {c} hours. How fast is it?
Add up these numbers and show your work: {numbers}
What is {a} - {c}?
How many minutes are {c} hours and {a} minutes?""",
    "code": """Write a {language} function that {program}.
Write a {language} program that {program}. Explain how it works.
How do I write a function in {language} that {program}?
Write a unit test for a {language} function that {program}.
Explain step by step how a program that {program} works.
Write pseudocode for a program that {program}.""",
    "quiz": """Make a quiz with three questions and answers about {subject}.
Write a multiple choice question about {subject}, with four options.
Give me a riddle whose answer is {a_noun}.
Write a true or false question about {subject} and its answer.""",
}

LANGUAGES = ("Python", "Python", "JavaScript", "Java", "C", "SQL")
THINGS = "apples books marbles cookies pencils stickers eggs coins tickets oranges".split()

PROGRAMS = """reverses a string;checks whether a number is prime;computes the factorial of a number;sorts a list;counts the words of a text;
finds the largest number in a list;reads a file and prints its lines;converts Celsius to Fahrenheit;checks whether a word is a palindrome;
computes Fibonacci numbers;removes duplicates from a list;merges two dictionaries;computes the average of a list;
prints a multiplication table;finds the common elements of two lists;counts the vowels of a string;generates a random password;
sums the digits of a number;rolls two dice;finds the longest word of a sentence;checks an email address;flattens a nested list;
computes the greatest common divisor;draws a triangle of stars;counts how often each letter occurs;converts a number to binary;
computes the area of a circle;finds the second largest element of a list;removes all spaces from a string;prints the current date;
guesses a number between 1 and 100;computes compound interest;splits a list into pairs;checks whether two words are anagrams;
transposes a matrix;replaces a word in a text;finds the missing number of a sequence;computes the distance between two points"""
