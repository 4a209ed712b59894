function value = ocx_store(action, numbers, values)
  % Values that stay in Octave, by the numbers of their handles in Python.
  persistent stored
  mlock();
  if isempty(stored)
    stored = {};
  end
  switch action
    case 'put'
      stored(numbers) = values;
    case 'get'
      value = stored{numbers};
    case 'free'
      stored(numbers(numbers <= numel(stored))) = {[]};
  end
end
