import Measuring
import TestSupport
import Testing
import Tokens

struct EvaluationTests {
    @Test("answers are judged by their metric")
    func metrics() {
        let cases: [(AnswerMetric, String, String, Bool)] = [
            (.exact, " 42\n", "42", true), (.exact, "42.", "42", false), (.exact, "", "", true),
            (.prefix, "Paris, of course", "Paris", true), (.prefix, "It is Paris", "Paris", false),
            (.contains, "It is Paris.", "Paris", true), (.contains, "It is Rome.", "Paris", false),
            (.number, "so 3 + 4 = 7.", "7", true), (.number, "1,234 apples", "#### 1234", true),
            (.number, "7.50", "7.5", true), (.number, "-3", "3", false), (.number, "none", "3", false),
            (.number, "3", "none", false), (.loss, "a", "a", false),
        ]
        for (metric, answer, reference, isRight) in cases {
            #expect(metric.accepts(answer, reference: reference) == isRight, "\(metric) '\(answer)' '\(reference)'")
        }
    }

    @Test("a pattern finds the answer: the group of its last match, or the whole match")
    func patterns() throws {
        let choice = try #require(AnswerPattern("Answer: ([A-D])"))
        let cases: [(AnswerPattern, String, String, Bool)] = [
            (choice, "Answer: A. No, wait. Answer: B", "B", true), (choice, "Answer: A", "B", false),
            (choice, "B", "B", false), (choice, "Answer: C", "Because of it. Answer: C", true),
            (try #require(AnswerPattern("[0-9]+ km")), "about 12 km away", "12 km", true),
            (try #require(AnswerPattern("x(y)?")), "x", "x", false),
        ]
        for (pattern, answer, reference, isRight) in cases {
            let accepted = AnswerMetric.exact.accepts(answer, reference: reference, pattern: pattern)
            #expect(accepted == isRight, "'\(answer)' '\(reference)'")
        }
        #expect(AnswerPattern("(") == nil)
    }

    @Test("Wilson's interval has known values, and is valid near 0 and 1")
    func interval() {
        func proportion(_ successCount: Int, _ count: Int) -> Proportion {
            var proportion = Proportion()
            for index in 0..<count { proportion.add(index < successCount) }
            return proportion
        }
        // Newcombe (1998), table I: 81 of 263.
        let known = proportion(81, 263).interval
        #expect(abs(known.lowerBound - 0.2553) < 5e-5 && abs(known.upperBound - 0.3662) < 5e-5)
        #expect(proportion(0, 20).interval.lowerBound == 0 && proportion(0, 20).interval.upperBound < 0.17)
        #expect(proportion(20, 20).interval.upperBound == 1 && proportion(20, 20).interval.lowerBound > 0.83)
        #expect(Proportion().share == nil && Proportion().interval == 0...1)
    }

    @Test("files of questions are read in both forms, and each invalid line gives one sentence")
    func files() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write(
            """
            {"prompt": "1+1", "answer": "2", "metric": "number"}
            {"question": "A?", "answer": "B", "pattern": "[A-D]"}

            {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}], "answer": "a", "x": 1}
            """, "two.jsonl")
        let task = try EvaluationTask(path: path)
        #expect(task.name == "two")
        #expect(task.items.map(\.answer) == ["2", "B", "a"])
        #expect(task.items.map(\.metric) == [.number, nil, nil])
        #expect(task.items[1].pattern == AnswerPattern("[A-D]"))
        #expect(task.items[2].messages.map(\.role) == ["system", "user"])
        #expect(try EvaluationTask(path: path, limit: 1).items.count == 1)
        let bad = [
            ("{", "byte"), ("[]", "is no object"), (#"{"prompt":"a"}"#, "has no 'answer'"),
            (#"{"answer":"a"}"#, "has no 'prompt'"), (#"{"messages":[{"role":1}],"answer":"a"}"#, "has no 'prompt'"),
            (#"{"prompt":"a","answer":"b","metric":"m"}"#, "asks for the metric 'm'"),
            (#"{"prompt":"a","answer":"b","pattern":"("}"#, "has the pattern '('"), ("", "holds no items"),
        ]
        for (line, problem) in bad {
            let path = try directory.write(line, "bad.jsonl")
            #expect { try EvaluationTask(path: path) } throws: { "\($0)".contains(problem) && "\($0)".hasPrefix(path) }
        }
        let third = try directory.write("{\"prompt\": \"a\", \"answer\": \"b\"}\r\n \r\n[]\r\n", "third.jsonl")
        #expect { try EvaluationTask(path: third) } throws: { "\($0)".hasPrefix(third + ":3: ") }
        #expect(throws: EvaluationError.unreadable(path: "/nowhere")) { try EvaluationTask(path: "/nowhere") }
    }
}
