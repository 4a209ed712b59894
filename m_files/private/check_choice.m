function value = check_choice(op, argument, value, options)
  % VALUE, if it is one of the words in the cell OPTIONS.
  if ischar(value) && any(strcmp(value, options))
    return
  end
  quoted = cellfun(@(option) ['"', option, '"'], options, 'UniformOutput', false);
  listed = quoted{end};
  if numel(quoted) > 1
    listed = [strjoin(quoted(1:end - 1), ', '), ' or ', listed];
  end
  if ~ischar(value)
    type_error(op, argument, ['be ', listed]);
  end
  value_error(op, argument, ['be ', listed], ['"', value, '"']);
end
