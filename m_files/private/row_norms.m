function norms = row_norms(w)
  % Euclidean norm of each row, as a double column; sum adds from the first column to the last.
  norms = sqrt(sum(double(w).^2, 2));
end
