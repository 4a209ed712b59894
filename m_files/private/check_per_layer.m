function values = check_per_layer(op, argument, values, count, check)
  % COUNT values from one for all layers or one a layer, each through CHECK (value).
  if numel(values) ~= 1 && numel(values) ~= count
    value_error(op, argument, sprintf('have 1 or, by layer, %d values', count), ...
                sprintf('%d', numel(values)));
  end
  values = arrayfun(check, reshape(values, 1, []));
  if numel(values) == 1
    values = repmat(values, 1, count);
  end
end
