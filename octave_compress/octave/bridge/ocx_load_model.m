function content = ocx_load_model(path)
  % The variables in a file, without what cannot cross to Python: a variable of such a class is
  % left out, and a part of another one becomes text that names its class.
  content = load(path);
  if isstruct(content)
    names = fieldnames(content);
    content = rmfield(content, names(~structfun(@can_cross, content)));
    content = plain(content);
  end
end

function answer = can_cross(value)
  answer = isnumeric(value) || islogical(value) || ischar(value) || iscell(value) || ...
           isstruct(value);
end

function value = plain(value)
  if ~can_cross(value)
    value = ['<', class(value), '>'];
  elseif iscell(value)
    value = cellfun(@plain, value, 'UniformOutput', false);
  elseif isstruct(value)
    values = cellfun(@plain, struct2cell(value), 'UniformOutput', false);
    value = cell2struct(values, fieldnames(value), 1);
  end
end
