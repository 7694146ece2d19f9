// Keeps the end of a growing text in sight, unless the reader has scrolled away from it.

const near = 48;

// `button` leads back to the end; it shows while the end is out of sight.
export function follow(scroller, content, button) {
  let follows = true, top = 0;
  const distance = () => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  const toEnd = () => {
    follows = true;
    scroller.scrollTop = scroller.scrollHeight;
    button.hidden = true;
  };
  scroller.addEventListener("scroll", () => {
    if (distance() < near) follows = true;
    else if (scroller.scrollTop < top) follows = false;
    top = scroller.scrollTop;
    button.hidden = follows;
  });
  button.addEventListener("click", toEnd);
  const observer = new ResizeObserver(() => { if (follows) toEnd() });
  observer.observe(content);
  observer.observe(scroller);
  return toEnd;
}
