function content = ocx_load_variables(path)
  % The variables in a file, with a note of its class in place of what cannot cross to Python.
  content = builtin('load', path);
  if ~builtin('isstruct', content) % a file of numbers without a name
    content = builtin('struct', 'numbers', content);
  end
  content = with_notes(content);
end

function value = with_notes(value)
  if builtin('iscell', value)
    value = builtin('cellfun', @with_notes, value, 'UniformOutput', false);
  elseif builtin('isstruct', value) && ~builtin('isobject', value)
    values = builtin('cellfun', @with_notes, builtin('struct2cell', value), 'UniformOutput', false);
    value = builtin('cell2struct', values, builtin('__fieldnames__', value), 1);
  elseif ~(builtin('isnumeric', value) || builtin('islogical', value) || builtin('ischar', value))
    value = builtin('struct', 'ocx_class', builtin('class', value));
  end
end
