function name = check_one_of(op, options, names)
  % Which one of several options was given: exactly one must be.
  given = names(cellfun(@(name) ~isempty(options.(name)), names));
  if numel(given) ~= 1
    listed = [strjoin(upper(names(1:end - 1)), ', '), ' and ', upper(names{end})];
    value_error(op, ['one of ', listed], 'be given', sprintf('%d', numel(given)));
  end
  name = given{1};
end
