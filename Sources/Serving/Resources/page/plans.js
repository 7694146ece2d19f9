// The plans that a request may name, for people who choose among them.

import { make } from "./dom.js";

export const label = ({ plan, name }) => {
  const text = plan ?? name;
  if (text === "off") return "vanilla";
  return /^(mtd:)?\d+$/.test(text) ? "mtd " + text.replace("mtd:", "") : text;
};

const described = plan => label(plan) + (plan.plan === "auto" && plan.name !== "auto" ? ` (here: ${plan.name})` : "");

// The plans of requests, and the server's own, which may be none that a request can name: then its `plan` is null.
export function offered(model) {
  const own = model.plans.find(({ plan }) => plan === model.mtd) ?? model.plans.find(({ name }) => name === model.mtd)
    ?? { plan: null, name: model.mtd, lossless: false, warning: null };
  return { own, plans: own.plan === null ? [own, ...model.plans] : model.plans };
}

// One plan of each kind that the server runs: `auto` may be another's name.
export const distinct = plans => plans.filter((plan, index) =>
  plan.plan !== "auto" && plans.findIndex(other => other.plan === plan.plan) === index);

export function training(model) {
  return model.mtd_trained > 1 ? `trained for factors up to ${model.mtd_trained}` : "not trained for factors";
}

export function groups(model, plans) {
  const untrained = plan => !plan.lossless && plan.warning !== null;
  return [
    ["Vanilla's text", plans.filter(plan => plan.lossless)],
    [model.mtd_trained > 1 ? `Factors, trained up to ${model.mtd_trained}` : "This server's own",
      plans.filter(plan => !plan.lossless && !untrained(plan))],
    ["Not trained for these: poor text", plans.filter(untrained)],
  ].filter(([, members]) => members.length > 0);
}

export function fillSelect(select, model) {
  const { own, plans } = offered(model);
  select.replaceChildren(...groups(model, plans).map(([title, members]) => make("optgroup", { label: title },
    ...members.map(plan => new Option(described(plan), plan.plan ?? "", false, plan === own)))));
}

// The plan that is selected, or the one with the value.
export const planOf = (model, value) => offered(model).plans.find(({ plan }) => (plan ?? "") === value);

// The lanes of a race to begin with: vanilla, the model's factor, and a lossless plan of each kind.
export function usualLanes(model) {
  const plans = distinct(offered(model).plans), own = offered(model).own;
  const factor = plans.find(({ plan, warning }) => plan === "mtd:4" && warning === null)
    ?? plans.findLast(({ lossless, warning }) => !lossless && warning === null);
  const verified = model.mtd_trained > 1 ? "verified:4" : null;
  return plans.filter(plan => plan === own || plan === factor || ["off", "ngram", verified].includes(plan.plan));
}
