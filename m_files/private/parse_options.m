function options = parse_options(op, options, pairs)
  % OPTIONS with the values of the name/value PAIRS; its fields are the names that exist.
  known = fieldnames(options);
  if mod(numel(pairs), 2) ~= 0 || ~iscellstr(pairs(1:2:end))
    type_error(op, 'options', ['come as name/value pairs; names are ', strjoin(known.', ', ')]);
  end
  for k = 1:2:numel(pairs)
    match = strcmpi(pairs{k}, known);
    if ~any(match)
      value_error(op, 'options', ['be of ', strjoin(known.', ', ')], ['"', pairs{k}, '"']);
    end
    options.(known{match}) = pairs{k + 1};
  end
end
