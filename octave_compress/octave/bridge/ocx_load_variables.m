function content = ocx_load_variables(path)
  % The variables in a file, with a note of its class in place of what cannot cross to Python.
  content = load(path);
  if ~isstruct(content) % a file of numbers without a name
    content = struct('numbers', content);
  end
  content = with_notes(content);
end

function value = with_notes(value)
  if iscell(value)
    value = cellfun(@with_notes, value, 'UniformOutput', false);
  elseif isstruct(value) && ~isobject(value)
    values = cellfun(@with_notes, struct2cell(value), 'UniformOutput', false);
    value = cell2struct(values, fieldnames(value), 1);
  elseif ~(isnumeric(value) || islogical(value) || ischar(value))
    value = struct('ocx_class', class(value));
  end
end
