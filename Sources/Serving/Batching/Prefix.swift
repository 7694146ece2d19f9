import Decoding

/// A sequence that other prompts with the same beginning may continue from, and whose it is.
package struct Prefix {
    package let sequence: TokenSequence
    package let client: Client
    /// The tokens of the sequence that are its client's own words.
    package let promptCount: Int

    package init(_ sequence: TokenSequence, client: Client, promptCount: Int) {
        self.sequence = sequence
        self.client = client
        self.promptCount = promptCount
    }

    /// The number of tokens that the sequence and a job's prompt begin with; 0 if the job's plan runs other layers.
    func shared(with job: Job) -> Int {
        guard sequence.plan.layers == job.plan.layers else { return 0 }
        return zip(sequence.tokens, job.prompt).prefix { $0 == $1 }.count
    }

    /// Whether the job's client may learn that its prompt begins like this one: their keys are the same, or its prompt has all
    /// of this one, so that it tells the client nothing.
    func isKnown(to job: Job) -> Bool {
        job.client.domain != nil || job.prompt.starts(with: sequence.tokens.prefix(promptCount))
    }
}
