function value = check_matrix(op, argument, value, allow)
  % A real matrix as double or single; ALLOW is 'finite' (the default), 'inf' or 'nan'.
  if ~(isnumeric(value) || islogical(value)) || iscomplex(value) || ndims(value) > 2
    type_error(op, argument, 'be a real matrix');
  end
  if ~isfloat(value)
    value = double(value);
  end
  value = full(value);
  if nargin < 4
    allow = 'finite';
  end
  if all(isfinite(value(:)))
    return  % one pass over the values is enough
  end
  if ~strcmp(allow, 'nan') && any(isnan(value(:)))
    value_error(op, argument, 'not contain NaN');
  end
  if strcmp(allow, 'finite') && any(isinf(value(:)))
    value_error(op, argument, 'not contain Inf');
  end
end
