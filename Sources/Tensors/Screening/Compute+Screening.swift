import CKernels

/// One input's product with many rows, of which only the largest is asked for: a `RowScreen` says which rows to compute.
extension Compute {
    /// What `linear` gives for one input where an output could be the largest, to the same bits, and −∞ elsewhere: the first of
    /// the largest is the same.
    ///
    /// - Parameters:
    ///   - screen: made of the one matrix that `weights` holds.
    ///   - input: [weights.columns]
    ///   - output: [weights.rows]
    /// - Returns: how many outputs were computed exactly.
    package func linearForArgmax(
        _ weights: Linear, _ screen: RowScreen, _ input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) -> Int {
        precondition(weights.slices.count == 1)
        precondition(weights.rows == screen.copy.rows && weights.columns == screen.copy.columns)
        let panels = ScreenedPanels(screened: output, distances: screen.distances.pointer, rows: weights.rows)
        if candidatePanels.count < panels.count { candidatePanels = AlignedBuffer(unfilledCount: panels.count) }
        if let tolerance = self.screen(screen, input, output: output),
            let likeliest = panels.likeliest(within: tolerance)
        {
            let candidates = candidatePanels.pointer
            candidates[0] = likeliest
            // Others need only reach what is exact, not the least that it could have been: far fewer are left.
            multiply(weights, panels: candidates, count: 1, input, output: output)
            let floor = panels.largest(ofPanel: likeliest)
            let count = panels.dismiss(below: floor, within: tolerance, keeping: candidates)
            if count <= panels.count / Self.fewestPanelsPerCandidate {
                multiply(weights, panels: candidates, count: count, input, output: output)
                return min(count * ScreenedPanels.width, weights.rows)
            }
        }
        linear(weights, input, rowCount: 1, output: output)
        return weights.rows
    }

    /// What a screen's copy gives for one input, and how far that may be from the exact outputs; nil where nothing can be said.
    ///
    /// - Parameters:
    ///   - input: [columns]
    ///   - output: [rows]
    package func screen(
        _ screen: RowScreen, _ input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>
    ) -> ScreenTolerance? {
        linear(screen.copy, input, rowCount: 1, output: output)
        // That has left the rounded input in `blocks`.
        return ScreenTolerance(of: screen, input, rounded: blocks.pointer, activations)
    }

    /// With more candidates all rows are computed together, one stream of memory.
    private static var fewestPanelsPerCandidate: Int { 4 }

    private func multiply(
        _ weights: Linear, panels: UnsafePointer<Int>, count: Int, _ input: UnsafePointer<Float>,
        output: UnsafeMutablePointer<Float>
    ) {
        var job = PanelJob(
            kernels: kernels, activations: activations, slice: weights.slices.pointer[0],
            input: weights.roundsActivations ? UnsafeRawPointer(blocks.pointer) : UnsafeRawPointer(input),
            output: output, panels: panels, count: count)
        team.run(
            parts: count < PanelJob.worthSharing ? 1 : parts(of: count),
            { job, part, parts, _ in PanelJob.at(job).multiply(part: part, of: parts) }, &job)
    }
}
