function weight = training_weight(op, weight, y)
  % Sample weights for the targets Y, scaled to a mean of 1, as a row of their class, or [].
  weight = check_sample_weight(op, weight, y);
  if isempty(weight)
    return
  end
  if ~any(weight)
    value_error(op, 'SAMPLE_WEIGHT', 'not be all zeros');
  end
  weight = weight / max(weight); % a sum of large ones could overflow
  weight = weight / (sum(weight) / numel(weight));
end
