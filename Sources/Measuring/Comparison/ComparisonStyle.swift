/// How a comparison's page looks, in light and dark.
enum ComparisonStyle {
    /// Colours of places in the cycle; further places go round.
    static let placeCount = 8

    /// Hue, by place: the trunk's own first.
    private static let hues = [210, 165, 85, 45, 25, 350, 300, 260]

    static let css =
        base
        + hues.enumerated().map { place, hue in
            ".p\(place){background:hsl(\(hue) 75% var(--tint));fill:hsl(\(hue) 65% var(--block))}"
        }.joined(separator: "\n")

    private static let base = """

        :root{--text:#1c1d1f;--soft:#5c6066;--page:#fbfbfa;--card:#fff;--line:#dcdedf;--bar:#3b74b9;--mark:#c0392b;\
        --tint:88%;--block:62%;--trunk:#3c4450;--plain:#9aa1a9;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--text:#e6e7e8;--soft:#9ba1a8;--page:#16181b;--card:#1f2226;\
        --line:#353a40;--bar:#5b97de;--mark:#ff7a6b;--tint:26%;--block:55%;--trunk:#c3cad3;--plain:#6b737c}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
        main{max-width:1180px;margin:0 auto;padding:1.5rem 1rem}
        h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2.2rem 0 .8rem;overflow-wrap:anywhere}
        h3{font-size:.95rem;margin:0 0 .4rem}
        header p,footer p,.note,figcaption{color:var(--soft);margin:.3rem 0;font-size:.88rem}
        .legend span{padding:0 .45em;border-radius:3px;color:var(--text)}
        .answers{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,205px),1fr));gap:.8rem;margin:1rem 0}
        article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem;min-width:0}
        .text{white-space:pre-wrap;overflow-wrap:anywhere;margin:0;font:13.5px/1.7 ui-monospace,monospace}
        .text span{border-radius:3px}
        .parts{outline:2px solid var(--mark)}
        .bar{display:grid;grid-template-columns:7.2rem 1fr 10.5rem;gap:.6rem;align-items:center;font-size:.9rem}
        .bar>div{position:relative;height:1.1rem;margin:.15rem 0;background:var(--line);border-radius:3px}
        .bar b{display:block;height:100%;background:var(--bar);border-radius:3px}
        .bar i{position:absolute;top:-3px;bottom:-3px;border-left:2px solid var(--mark);margin-left:-2px}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;font-size:.88rem;font-variant-numeric:tabular-nums}
        th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
        th:first-child,td:first-child{text-align:left;padding-left:0}th{color:var(--soft);font-weight:500}
        figure{margin:1.2rem 0;overflow-x:auto}svg{width:100%;min-width:620px;height:auto;display:block}
        svg text{fill:var(--text);font-size:13px}.trunk{fill:var(--trunk)}.plain{fill:var(--plain)}
        .trunkKey{color:var(--trunk)}.headKey{color:var(--bar)}
        @media (max-width:560px){.bar{grid-template-columns:6.4rem 1fr 8.2rem;gap:.4rem;font-size:.8rem}}

        """
}
