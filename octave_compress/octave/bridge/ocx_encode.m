function node = ocx_encode (value)
  % The node that carries VALUE to Python; see codec.py for the table of nodes.
  if ischar (value) && (rows (value) == 1 || isempty (value))
    node = {'text', uint8(value)};
  elseif (isnumeric (value) || islogical (value)) && ~issparse (value)
    data = value(:).';
    if islogical (value)
      data = uint8 (data);
    end
    if iscomplex (value)
      node = {'complex', class(value), size(value), real(data), imag(data)};
    else
      node = {'array', class(value), size(value), data};
    end
  elseif iscell (value)
    node = {'cell', size(value), cellfun(@ocx_encode, value(:).', 'UniformOutput', false)};
  elseif isstruct (value) && isscalar (value)
    encode = @(cells) cellfun (@ocx_encode, cells(:).', 'UniformOutput', false);
    node = {'struct', encode(fieldnames (value)), encode(struct2cell (value))};
  else
    sizes = sprintf ('%dx', size (value));
    kind = class (value);
    if issparse (value)
      kind = ['sparse ', kind];
    end
    node = {'foreign', [sizes(1:end - 1), ' ', kind]};
  end
end
