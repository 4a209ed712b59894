function weight = check_sample_weight(op, weight, outputs)
  % A row with one weight a column of OUTPUTS, in its class; [] if none were given.
  if isequal(size(weight), [0, 0])
    return
  end
  weight = check_matrix(op, 'SAMPLE_WEIGHT', weight);
  if numel(weight) ~= columns(outputs)
    value_error(op, 'SAMPLE_WEIGHT', sprintf('have %d values', columns(outputs)), ...
                sprintf('%d', numel(weight)));
  end
  weight = weight(:).';
  if any(weight < 0)
    value_error(op, 'SAMPLE_WEIGHT', 'be in [0, Inf)', number_text(weight(find(weight < 0, 1))));
  end
  weight = check_cast(op, 'SAMPLE_WEIGHT', weight, class(outputs));
end
