function [w, m, s] = adam_kernel(w, dw, m, s, step, rate, beta1, beta2, epsilon)
  % One Adam step.  M is the first moment without its factor 1 - beta1, and S the root of the
  % second one without its factor sqrt (1 - beta2): what all weights share is left to scalars,
  % because each pass over the weights costs, and hypot saves the square root of every one.
  shrunk = sqrt((1 - beta2^step) / (1 - beta2));
  m = beta1 * m + dw;
  s = hypot(sqrt(beta2) * s, dw);
  w = w - (rate * (1 - beta1) / (1 - beta1^step) * shrunk) * m ./ (s + epsilon * shrunk);
end
