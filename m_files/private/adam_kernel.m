function [w, m, s] = adam_kernel(w, dw, m, s, step, rate, beta1, beta2, epsilon)
  % One Adam step.  S is the root of the second moment: hypot updates it without a square root
  % of every weight, and the bias corrections are folded into two scalars.
  root = sqrt(1 - beta2^step);
  m = beta1 * m + (1 - beta1) * dw;
  s = hypot(sqrt(beta2) * s, sqrt(1 - beta2) * dw);
  w = w - (rate * root / (1 - beta1^step)) * m ./ (s + epsilon * root);
end
