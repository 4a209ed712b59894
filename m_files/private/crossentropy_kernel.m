function [value, gradient] = crossentropy_kernel(logits, targets, weight)
  % Value and gradient of loss_crossentropy, unchecked; arguments as in mse_kernel.
  samples = columns(logits);
  shifted = shifted_columns(logits);
  p = exp(shifted);
  total = sum(p, 1);
  if ~isempty(weight)
    targets = targets .* weight;
  end
  mass = sum(targets, 1);
  value = (log(total) * mass.' - shifted(:).' * targets(:)) / samples;
  gradient = (p .* (mass ./ total) - targets) / samples;
end
