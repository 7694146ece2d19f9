/// The method by which a token skips layers.
public enum RoutingMethod: String, Sendable, CaseIterable {
    /// arXiv 2503.23798; the default if `routing_method` is absent.
    case flexiDepth = "flexidepth"
    /// arXiv 2410.13184
    case mindSkip = "mindskip"
    /// arXiv 2404.02258
    case mixtureOfDepths = "mixture_of_depths"
}
