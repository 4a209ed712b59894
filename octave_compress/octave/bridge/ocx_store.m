function value = ocx_store(action, numbers, values)
  % Values that stay in Octave, by the numbers of their handles in Python.
  persistent stored
  if ~builtin('iscell', stored)
    mlock();
    stored = {};
  end
  switch action
    case 'put'
      stored(numbers) = values;
    case 'get'
      value = stored{numbers};
    case 'free'
      stored(numbers(numbers <= builtin('numel', stored))) = {[]};
  end
end
