function [value, gradient] = mse_kernel(outputs, targets, weight)
  % Value and gradient of loss_mse, unchecked.  All of one float class, samples in columns;
  % WEIGHT is a row, or [] for none.  Training calls this for every mini-batch.
  difference = outputs - targets;
  weighted = difference;
  if ~isempty(weight)
    weighted = difference .* weight;
  end
  value = (weighted(:).' * difference(:)) / numel(outputs);
  gradient = weighted * (2 / numel(outputs));
end
