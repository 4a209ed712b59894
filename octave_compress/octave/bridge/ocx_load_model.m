function content = ocx_load_model(path)
  % The variables in a file, without what cannot cross to Python: a variable of such a class is
  % left out, and a part of another one becomes text that names its class.
  content = builtin('load', path);
  if builtin('isstruct', content)
    names = builtin('__fieldnames__', content);
    for k = 1:builtin('numel', names)
      if ~can_cross(content.(names{k}))
        content = builtin('rmfield', content, names{k});
      end
    end
    content = plain(content);
  end
end

function answer = can_cross(value)
  answer = builtin('isnumeric', value) || builtin('islogical', value) || ...
           builtin('ischar', value) || builtin('iscell', value) || builtin('isstruct', value);
end

function value = plain(value)
  if ~can_cross(value)
    value = ['<', builtin('class', value), '>'];
  elseif builtin('iscell', value)
    value = builtin('cellfun', @plain, value, 'UniformOutput', false);
  elseif builtin('isstruct', value)
    values = builtin('cellfun', @plain, builtin('struct2cell', value), 'UniformOutput', false);
    value = builtin('cell2struct', values, builtin('__fieldnames__', value), 1);
  end
end
